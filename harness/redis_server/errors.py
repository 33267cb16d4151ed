"""What can go wrong with a Redis server. A message says what was attempted, expected, seen, and what to do next."""

from __future__ import annotations

from harness.errors import CouldNotRunError, WrongInputError


class WrongRedisChoiceError(WrongInputError):
    """The value of ``--redis`` cannot be used: unknown form, or an external server without permission."""


class RedisUnavailableError(CouldNotRunError):
    """The server that was asked for is missing, did not start, or does not answer."""


class ClockUnavailableError(RedisUnavailableError):
    """The server's clock cannot be controlled: no libfaketime, or the clock did not move when told to."""
