"""What the retry policy answers, and who overrode it. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self, final

from safety_core.job_safety.errors import OverrideError


class RetryDecision(StrEnum):
    """Whether a job may be retried, and if not, why.

    Attributes:
        liftable: Whether a forced retry goes through all the same.
        meaning: One sentence.
    """

    liftable: bool
    meaning: str

    def __new__(cls, name: str, liftable: bool, meaning: str) -> Self:
        """Make a member that is its own name and carries its facts."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.liftable = liftable
        member.meaning = meaning
        return member

    ALLOWED = ("allowed", True, "The attempt is counted and may run")
    COOLDOWN = ("cooldown", True, "The cooldown is not over")
    NOT_BEFORE = ("not_before", True, "The other side asked not to be called yet")
    MAX_ATTEMPTS = ("max_attempts", True, "Max attempts reached - requires manual intervention")
    NOT_RETRYABLE = ("not_retryable", True, "Trying again cannot help: the failure is of a kind that stays")
    OUTCOME_UNKNOWN = (
        "outcome_unknown",
        False,
        "The effect may have happened: reconcile first, a retry could do it twice",
    )
    STORE_UNAVAILABLE = ("store_unavailable", False, "The store gave no answer, so the attempt could not be counted")
    STORE_UNSAFE = ("store_unsafe", False, "The store must not be trusted to count attempts now")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Who lifts the policy, and why. Good for the one call that it is given to.

    Attributes:
        actor: Whoever answers for it: not empty.
        reason: Why: not empty.
    """

    actor: str
    reason: str

    def __post_init__(self) -> None:
        """Check that both are there.

        Raises:
            OverrideError: One is empty or no string.
        """
        for name in ("actor", "reason"):
            value = getattr(self, name)
            if not isinstance(value, str) or not value.strip():
                raise OverrideError(f"the override's {name} is {value!r:.80}; expected a text that is not empty")


@final
@dataclass(slots=True, kw_only=True, eq=False)
class RetryAnswer:
    """The answer of the policy.

    Attributes:
        job_id: Which job.
        decision: Whether it may be retried, or the reason why not.
        attempt: Number of the retry that was allowed, from 1 on; where it was refused, the retries so far.
        max_attempts: Most retries of this job.
        wait_s: Seconds until it would be allowed; 0 where time does not help or need not pass.
        forced: Whether the policy was lifted.
        dry_run: Whether nothing was counted.
        reason: One phrase for people and logs.
        error: Why the store was no use, or None.
        token: Set where the attempt may be counted although it was refused: hand it back as `token=`.
    """

    job_id: str
    decision: RetryDecision
    attempt: int = 0
    max_attempts: int = 0
    wait_s: float = 0.0
    forced: bool = False
    dry_run: bool = False
    reason: str = ""
    error: Exception | None = None
    token: str | None = field(default=None, repr=False)

    @property
    def allowed(self) -> bool:
        """Whether the job may be run now."""
        return self.decision is RetryDecision.ALLOWED
