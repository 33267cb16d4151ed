"""The errors of job safety: mistakes of the caller, and runs that must not go on.

Part of the guard's tree: an error of it always means that no effect was run by the call that raised it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from safety_core.idempotency.errors import GuardError

if TYPE_CHECKING:
    from safety_core.idempotency.answers import GuardResult


class JobSafetyError(GuardError):
    """Root of what this package raises."""


class FailureError(JobSafetyError, ValueError):
    """A failure, a pattern or a kind was given in a form that nobody can read."""


class JobError(JobSafetyError, ValueError):
    """A job has no id, or carries another idempotency key than the one it is asked to run under."""


class PolicyError(JobSafetyError, ValueError):
    """A setting of the retry policy is out of its range, or asks for what would break the promise."""


class OverrideError(JobSafetyError, ValueError):
    """A forced retry names no actor or no reason, or there is no audit that would take it down."""


class NoRunError(JobSafetyError):
    """A run is to be ended that was never begun here."""


class RunRefusedError(JobSafetyError):
    """The guard did not let a job run, and it is not because the job runs or ran already.

    Attributes:
        answer: What the guard said.
    """

    def __init__(self, message: str, answer: GuardResult) -> None:
        super().__init__(message)
        self.answer = answer


class RunInDoubtError(RunRefusedError):
    """Whether an earlier run did its effects is not known: reconcile before it may run again."""
