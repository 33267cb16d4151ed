"""What an effect raises. Each error carries ``definite``: True is "certainly not done", False is "not known"."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from harness.errors import CouldNotRunError


class EffectTimeout(TimeoutError):  # noqa: N818 - the word that histories use
    """The reply did not come: the effect may be done, may not be, and may still be done later."""

    definite = False


class EffectRejected(Exception):  # noqa: N818 - the word that histories use
    """The venue refused: the effect is certainly not done.

    Attributes:
        status: HTTP status of the refusal.
        code: Exchange code, as Binance numbers them.
    """

    definite = True

    def __init__(self, message: str, *, status: int, code: int) -> None:
        """Keep the venue's words."""
        super().__init__(message)
        self.status = status
        self.code = code


class VenueError(Exception):
    """The venue answered with an error, which the caller has to classify.

    Attributes:
        status: HTTP status.
        code: Exchange code.
        definite: True if the effect is certainly not done; False if it is not known; None if the answer speaks of
            another request ("Duplicate order sent.": an order with this id is already there).
        retry_after_s: Seconds to wait before another request; None if the venue named none.
    """

    def __init__(
        self, message: str, *, status: int, code: int, definite: bool | None, retry_after_s: float | None = None
    ) -> None:
        """Keep the venue's words."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.definite = definite
        self.retry_after_s = retry_after_s


class BookError(CouldNotRunError):
    """A book cannot be written, or is not the venue's book: a line other than the last one is damaged."""


class VenueUnavailableError(CouldNotRunError):
    """The venue's process did not start, is not running, or did not reach what was waited for."""


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """One answer of the venue, as data; the fields are those of :class:`VenueError`."""

    status: int
    code: int
    message: str
    definite: bool | None
    retry_after_s: float | None = None

    def error(self) -> VenueError:
        """Return this answer as the exception of an effect."""
        return VenueError(
            self.message,
            status=self.status,
            code=self.code,
            definite=self.definite,
            retry_after_s=self.retry_after_s,
        )

    def rejection(self) -> EffectRejected:
        """Return this answer as a definite refusal."""
        return EffectRejected(self.message, status=self.status, code=self.code)


ERROR_KINDS = MappingProxyType(
    {
        "execution_unknown": ErrorKind(503, -1006, "Unexpected response; execution status unknown.", definite=False),
        "backend_timeout": ErrorKind(
            504, -1007, "Timeout waiting for response from backend server; execution status unknown.", definite=False
        ),
        "duplicate_order": ErrorKind(400, -2010, "Duplicate order sent.", definite=None),
        "insufficient_balance": ErrorKind(
            400, -2010, "Account has insufficient balance for requested action.", definite=True
        ),
        "invalid_signature": ErrorKind(400, -1022, "Signature for this request is not valid.", definite=True),
        "stale_timestamp": ErrorKind(
            400, -1021, "Timestamp for this request is outside of the recvWindow.", definite=True
        ),
        "too_many_requests": ErrorKind(429, -1003, "Too many requests.", definite=True, retry_after_s=1.0),
    }
)
"""The venue's errors by name, with the status, code and text of Binance's spot API."""
