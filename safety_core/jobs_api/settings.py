"""What the jobs API may be told. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field

from safety_core.idempotency.settings import GuardSettings
from safety_core.job_safety import RetrySettings

from .errors import JobsApiError


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsApiSettings:
    """How the API behaves.

    Attributes:
        retry: The retry policy.
        guard: Namespace and time limits, as the guard of the jobs has them.
        queues: Only these queues of RQ; none named: all.
        batch_size: Jobs that retry-all puts back at once at most, before it has to wait.
        batch_per_minute: Jobs that it may put back in each minute after that, over all processes of the API.
        reconcile_every_s: Seconds between two looks for jobs that are in no list. 0: nobody looks.
        stranded_after_s: Seconds that a job must be seen in no list before it is put back. A worker that takes longer
            between taking a job and starting it makes it run twice, which the guard of its effects must bear.
    """

    retry: RetrySettings = field(default_factory=RetrySettings)
    guard: GuardSettings = field(default_factory=GuardSettings)
    queues: tuple[str, ...] = ()
    batch_size: int = 100
    batch_per_minute: float = 100.0
    reconcile_every_s: float = 60.0
    stranded_after_s: float = 120.0

    def __post_init__(self) -> None:
        """Check every range.

        Raises:
            JobsApiError: A value is out of its range.
        """
        for name, low, high in (
            ("batch_size", 1, 10_000),
            ("batch_per_minute", 0.001, 1_000_000),
            ("reconcile_every_s", 0, 86_400),
            ("stranded_after_s", 1, 86_400),
        ):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
                raise JobsApiError(f"{name} is {value!r:.80}; expected a number between {low:g} and {high:g}")
