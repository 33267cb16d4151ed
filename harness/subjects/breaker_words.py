"""What breakers in the box say: their refusals, which calls belong to one breaker, and which errors are failures."""

from __future__ import annotations

from verify.history.breaker_states import OPEN, UNRECORDED

LIMITS = dict.fromkeys(
    ("evict", "restart_losing:1", "restart_losing:2", "failover_losing:1", "failover_losing:2"),
    "a breaker that Redis forgets is closed",
)
"""What the breakers in the box do not promise."""


class OpenError(Exception):
    """The breaker does not let the call through."""


class RefusedError(Exception):
    """The breaker could not ask Redis, and lets nothing through then."""


class UnrecordedError(Exception):
    """The call was made, and the breaker may not have been told how it ended."""


_MEANINGS: dict[type[BaseException], tuple[str, str]] = {
    OpenError: ("FAIL", OPEN),
    RefusedError: ("FAIL", "refused"),
    UnrecordedError: ("INDETERMINATE", UNRECORDED),
}


def classify(error: BaseException) -> tuple[str, str]:
    """Return what an exception means: of an error of the venue, what it says itself."""
    if getattr(error, "definite", None) is True:
        return ("FAIL", "rejected")
    return _MEANINGS.get(type(error), ("INDETERMINATE", ""))


def has_failed(error: Exception) -> bool:
    """Say whether the venue failed; a definite refusal of one call is no failure of the venue."""
    return getattr(error, "definite", None) is not True


def scope_of(key: str) -> str:
    """Return whose breaker a call asks: the run's, whose mark stands before the number of an order."""
    parts = key.split("-")
    return parts[-2] if len(parts) > 1 else key
