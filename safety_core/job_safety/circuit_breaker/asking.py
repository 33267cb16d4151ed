"""What both breakers check and make before they ask. Never talks to a server."""

from __future__ import annotations

import math
import os

from .errors import PermitError
from .states import CallOutcome, Permit

_OUTCOMES = {str(outcome): outcome for outcome in CallOutcome}


def new_token() -> str:
    """Return a name for one call that no other call has: 128 random bits."""
    return os.urandom(16).hex()


def checked_end(permit: object, outcome: object, retry_after_s: object) -> CallOutcome:
    """Return the outcome, if all three can be recorded.

    Raises:
        PermitError: They cannot.
    """
    if not isinstance(permit, Permit) or not permit.admitted:
        raise PermitError("record needs a permit that admitted a call, as allow() gave it")
    if (
        isinstance(retry_after_s, bool)
        or not isinstance(retry_after_s, int | float)
        or not (math.isfinite(retry_after_s) and retry_after_s >= 0)
    ):
        raise PermitError(f"retry_after_s is {retry_after_s!r}; expected a number of seconds, 0 or more")
    known = _OUTCOMES.get(outcome) if isinstance(outcome, str) else None
    if known is None:
        raise PermitError(f"outcome is {outcome!r}; expected one of: {', '.join(CallOutcome)}")
    return known
