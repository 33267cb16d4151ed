"""How the venue misbehaves towards one request, and the plan that says towards which. Nothing here is random."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum

from harness.venue.errors import ERROR_KINDS


class MischiefKind(StrEnum):
    """What happens to the request."""

    LOSE_REQUEST = "lose_request"
    """Not done; the caller gets a timeout."""
    LOSE_REPLY = "lose_reply"
    """Done; the caller gets a timeout."""
    LATE = "late"
    """The caller gets a timeout now; done when the harness releases it, if its life is not over by then."""
    SLOW = "slow"
    """Done after some seconds, then answered."""
    ANSWER_ERROR = "answer_error"
    """An error is answered; whether the effect is done is said by ``done``."""
    REJECT = "reject"
    """Not done, and the caller is told so."""


@dataclass(frozen=True, slots=True)
class Mischief:
    """One misbehaviour, made by the functions below.

    Attributes:
        kind: What happens.
        seconds: With SLOW: the delay before the effect, >= 0.
        error: With ANSWER_ERROR and REJECT: a name in :data:`harness.venue.errors.ERROR_KINDS`.
        done: With ANSWER_ERROR: whether the effect is done all the same.
    """

    kind: MischiefKind
    seconds: float = 0.0
    error: str = ""
    done: bool = False

    def __post_init__(self) -> None:
        """Refuse what could not happen.

        Raises:
            ValueError: A negative delay, an unknown error, or one that contradicts ``done``.
        """
        if self.seconds < 0:
            raise ValueError(f"a delay is at least 0 s, not {self.seconds!r}")
        if self.kind not in {MischiefKind.ANSWER_ERROR, MischiefKind.REJECT}:
            return
        if self.error not in ERROR_KINDS:
            raise ValueError(f"unknown error {self.error!r}; expected one of {', '.join(sorted(ERROR_KINDS))}")
        definite = ERROR_KINDS[self.error].definite
        if definite is not True and self.kind is MischiefKind.REJECT:
            raise ValueError(f"{self.error!r} does not say that the effect is not done, so it is no rejection")
        if definite is True and self.done:
            raise ValueError(f"{self.error!r} says that the effect is not done, so it cannot be done")


def lose_request() -> Mischief:
    """The venue never sees the request."""
    return Mischief(MischiefKind.LOSE_REQUEST)


def lose_reply() -> Mischief:
    """The effect is done and the reply is lost."""
    return Mischief(MischiefKind.LOSE_REPLY)


def late() -> Mischief:
    """The effect is done when the harness releases it."""
    return Mischief(MischiefKind.LATE)


def slow(seconds: float) -> Mischief:
    """The effect is done after *seconds*, and answered then, whether or not the caller still waits."""
    return Mischief(MischiefKind.SLOW, seconds=seconds)


def answer_error(error: str, *, done: bool = False) -> Mischief:
    """Answer the error named *error*; *done* says whether the effect is done all the same."""
    return Mischief(MischiefKind.ANSWER_ERROR, error=error, done=done)


def reject(error: str = "insufficient_balance") -> Mischief:
    """Refuse with the definite error named *error*."""
    return Mischief(MischiefKind.REJECT, error=error)


@dataclass(slots=True)
class MischiefPlan:
    """Which request meets which mischief. Each planned mischief happens once.

    Attributes:
        met: How many requests have met one.
    """

    met: int = 0
    _next: deque[Mischief] = field(default_factory=deque)
    _numbered: dict[tuple[str, int], Mischief] = field(default_factory=dict)
    _seen: dict[str, int] = field(default_factory=dict)

    def add(self, mischief: Mischief, *, key: str | None = None, nth: int | None = None) -> None:
        """Plan *mischief* for the *nth* request of *key*, counted from 1; without both, for the next request.

        Several plans for "the next request" happen in the order in which they were made.

        Raises:
            ValueError: Only one of *key* and *nth* was given, *nth* is below 1, or that request has passed.
        """
        if key is None and nth is None:
            self._next.append(mischief)
            return
        if key is None or nth is None or nth < 1:
            raise ValueError(f"a request is named by a key and a number from 1, not by {key!r} and {nth!r}")
        if nth <= self._seen.get(key, 0):
            raise ValueError(f"request {nth} of {key!r} has passed: {self._seen[key]} were seen")
        self._numbered[key, nth] = mischief

    def take(self, key: str) -> Mischief | None:
        """Count one request of *key* and return what it meets; None means that the venue behaves."""
        seen = self._seen[key] = self._seen.get(key, 0) + 1
        chosen = self._numbered.pop((key, seen), None) or (self._next.popleft() if self._next else None)
        self.met += chosen is not None
        return chosen

    def clear(self) -> None:
        """Forget what was planned and has not happened."""
        self._next.clear()
        self._numbered.clear()
