"""What can go wrong with a Toxiproxy. A message says what was asked, expected, seen, and what to do next."""

from __future__ import annotations

from harness.errors import CouldNotRunError, WrongInputError


class WrongToxiproxyChoiceError(WrongInputError):
    """The value of ``--toxiproxy`` has no form that is known."""


class ToxiproxyUnavailableError(CouldNotRunError):
    """The Toxiproxy that was asked for is missing, did not start, or does not answer."""


class ToxiproxyStateError(CouldNotRunError):
    """A change was answered with success, yet the state that was read back is another one."""


class ToxiproxyFailedError(CouldNotRunError):
    """Toxiproxy could not do what it was asked for (status 500): a port in use above all."""


class BadToxiproxyRequestError(WrongInputError):
    """Toxiproxy refused what it was asked for (status 400): an unknown toxic, a wrong type of an attribute."""


class NoSuchProxyError(WrongInputError):
    """There is no such proxy or toxic (status 404)."""


class ProxyExistsError(WrongInputError):
    """The name of a proxy or a toxic is taken (status 409)."""


BY_STATUS: dict[int, type[CouldNotRunError | WrongInputError]] = {
    400: BadToxiproxyRequestError,
    404: NoSuchProxyError,
    409: ProxyExistsError,
}
"""Status to error; every other status that is no success is a :class:`ToxiproxyFailedError`."""
