"""What may stand in a configuration: its sections, their keys, types and defaults. Reads no file.

Every flag is off by default, so that a file or a variable that is missing can switch nothing on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from safety_core.idempotency.settings import GuardSettings
from safety_core.job_safety import RetrySettings

from .needs import problems_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_TEN_YEARS = 315_360_000.0
_Seconds = Annotated[float, Field(gt=0, le=_TEN_YEARS, allow_inf_nan=False)]


class Section(BaseModel):
    """A section that knows its keys: any other is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Switch(Section):
    """A section with one flag."""

    enabled: bool = False


class RetryRedis(Section):
    """Where the guard keeps its records, and for how long."""

    namespace: Annotated[str, Field(min_length=1, max_length=200)] = "idempotency"
    ttl_seconds: _Seconds = 259200.0


class Retry(Section):
    """Retries of jobs. The numbers are those of RetrySettings, whose ranges count."""

    max_attempts: int = 3
    cooldown_seconds: float = 60.0
    exponential_backoff: bool = True
    max_cooldown_seconds: float = 3600.0
    audit_log_path: Annotated[str, Field(min_length=1, max_length=4096)] = "logs/job_retry_audit"
    anomaly_guard: bool = False
    circuit_breaker_alerts: bool = False
    circuit_breaker: Switch = Switch()
    metrics: Switch = Switch()
    redis: RetryRedis = RetryRedis()

    @model_validator(mode="after")
    def _in_range(self) -> Self:
        _ = self.policy
        return self

    @property
    def policy(self) -> RetrySettings:
        """Settings of the retry policy.

        Raises:
            PolicyError: A number is out of its range.
        """
        return RetrySettings(
            max_attempts=self.max_attempts,
            cooldown_seconds=self.cooldown_seconds,
            exponential_backoff=self.exponential_backoff,
            max_cooldown_seconds=self.max_cooldown_seconds,
        )


class Runtime(Section):
    """Checks while the application runs."""

    redis_checks: bool = False


class Settings(BaseModel):
    """A whole configuration, as far as it is ours.

    Attributes:
        redis_url: Where Redis is, from `REDIS_URL`; None where nobody says.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    redis_url: str | None = None
    retry: Retry = Retry()
    runtime: Runtime = Runtime()
    jobs_api: Switch = Switch()
    adaptive: Switch = Switch()
    leaderboard: Switch = Switch()
    hybrid: Switch = Switch()

    @model_validator(mode="after")
    def _needs_met(self) -> Self:
        self.assert_needs()
        return self

    def assert_needs(self) -> None:
        """Check that each flag has what it needs.

        Raises:
            ValueError: One has not.
        """
        problems = problems_of({flag: is_on(self, flag) for flag in FLAGS})
        if problems:
            raise ValueError("; ".join(problems))

    @property
    def REDIS_URL(self) -> str | None:  # noqa: N802 - under this name applications know it
        """The same as `redis_url`."""
        return self.redis_url

    @property
    def guard(self) -> GuardSettings:
        """Settings of the guard."""
        return GuardSettings(namespace=self.retry.redis.namespace, retention_s=self.retry.redis.ttl_seconds)


def is_on(settings: BaseModel, flag: str) -> bool:
    """Return whether a flag is on, by its dotted name as `retry.metrics.enabled`."""
    found: object = settings
    for name in flag.split("."):
        found = getattr(found, name)
    return found is True


def leaves(kind: type[BaseModel], above: str = "") -> Iterator[tuple[str, type | None]]:
    """Yield the dotted name of every key below a section, with its type; sections themselves have the type None."""
    for name, field in kind.model_fields.items():
        hint, path = field.annotation, f"{above}{name}"
        if isinstance(hint, type) and issubclass(hint, BaseModel):
            yield path, None
            yield from leaves(hint, f"{path}.")
        else:
            yield path, hint if isinstance(hint, type) else str


KEYS = dict(leaves(Settings))
"""Every key by its dotted name, with its type; None for a section."""
FLAGS = tuple(name for name, kind in KEYS.items() if kind is bool and name != "retry.exponential_backoff")
"""Every flag by its dotted name. `exponential_backoff` is how the cooldown grows, and switches nothing on."""
