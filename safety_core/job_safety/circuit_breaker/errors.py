"""What the breaker raises: a refused call, and mistakes of the caller. None of them means that a call was made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safety_core.idempotency.errors import GuardError

if TYPE_CHECKING:
    from .states import Permit


class CircuitOpenError(GuardError):
    """`call` was refused; nothing was run.

    Attributes:
        permit: The refusal: which scope, why, and when to ask again.
    """

    def __init__(self, permit: Permit) -> None:
        self.permit = permit
        super().__init__(
            f"{permit.job_type}: the breaker of the {permit.scope} is {permit.state} ({permit.reason}); "
            f"ask again in {permit.retry_after_s:.3f} s"
        )


class BreakerNameError(GuardError, ValueError):
    """The name of a job type or an exchange is empty, too long or no string."""


class PermitError(GuardError, ValueError):
    """`record` was given something that is no admitted permit, or an outcome that is none."""


class OverrideError(GuardError, ValueError):
    """An override lacks its actor, its reason or its expiry, or there is no audit to write it down first."""
