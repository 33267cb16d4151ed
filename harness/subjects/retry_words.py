"""What retry policies in the box say: their refusals, and what they do not promise."""

from __future__ import annotations

from verify.history.tries import COOLDOWN, EXHAUSTED

LIMITS = dict.fromkeys(
    ("evict", "restart_losing:1", "restart_losing:2", "failover_losing:1", "failover_losing:2"),
    "tries that Redis forgets are not counted",
)
"""What the policies in the box do not promise."""


class CooldownError(Exception):
    """The job was tried a short while ago."""


class ExhaustedError(Exception):
    """The job may not be tried any more."""


class RefusedError(Exception):
    """The policy could not count a try, and allows none then."""


class UnrecordedError(Exception):
    """The job was tried, and the policy may not have been told how that ended."""


_MEANINGS: dict[type[BaseException], tuple[str, str]] = {
    CooldownError: ("FAIL", COOLDOWN),
    ExhaustedError: ("FAIL", EXHAUSTED),
    RefusedError: ("FAIL", "refused"),
    UnrecordedError: ("INDETERMINATE", "unrecorded"),
}


def classify(error: BaseException) -> tuple[str, str]:
    """Return what an exception means: of an error of the venue, what it says itself."""
    if getattr(error, "definite", None) is True:
        return ("FAIL", "rejected")
    return _MEANINGS.get(type(error), ("INDETERMINATE", ""))
