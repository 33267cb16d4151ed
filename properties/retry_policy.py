"""A job is never retried too early or too often, and never waits longer than the cap, on a real server's clock."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from harness.redis_server.server import RedisServer
from properties.claim import Claim, demand
from safety_core.idempotency import GuardSettings, prepare_store
from safety_core.job_safety import RetryDecision, RetryPolicy, RetrySettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

GUARD = GuardSettings(namespace="claims")
_SLACK_S = 10.0
"""Real seconds that an example may take; every wait that is asked about differs from the limit by more."""
_SETTINGS = st.builds(
    RetrySettings,
    max_attempts=st.integers(0, 4),
    cooldown_seconds=st.sampled_from([0.0, 100.0, 250.0]),
    exponential_backoff=st.booleans(),
    max_cooldown_seconds=st.sampled_from([250.0, 450.0, 10_000.0]),
    jitter=st.sampled_from([0.0, 0.5]),
)
_ACTS = st.lists(
    st.sampled_from(["ask", "ask", "ask", "fail", "succeed", "look"]) | st.sampled_from([30, 130, 280, 500]),
    max_size=20,
)


@dataclass(slots=True)
class Policies:
    """A server, and what makes policies on it."""

    server: RedisServer
    make: Callable[..., Any]


@dataclass(slots=True)
class _Job:
    """What is known of one job: a model of the limits, in seconds of virtual time."""

    settings: RetrySettings
    now_s: float = 0.0
    attempts: int = 0
    last_s: float | None = None

    def wait_s(self, key_share: float) -> float:
        """Return the wait before the next retry, where chance leaves *key_share* of it."""
        doubled = 2**self.attempts if self.settings.exponential_backoff else 1
        wait = min(self.settings.cooldown_seconds * doubled, self.settings.max_cooldown_seconds)
        return wait * key_share

    @property
    def waited_s(self) -> float:
        """How long ago the last failure or attempt was."""
        return float("inf") if self.last_s is None else self.now_s - self.last_s


def check(at: Policies, *, settings: RetrySettings, acts: Sequence[str | int]) -> None:
    """Assert of every answer that it was neither too early nor too often, and that it came when it was due."""
    # The share of a wait that is left to chance follows from the job's name: each example has the same.
    at.server.client().flushall()
    prepare_store(at.server.url, settings=GUARD)
    job_id, job = "job", _Job(settings)
    with at.make(at.server.url, settings=settings, guard=GUARD) as policy:
        for act in acts:
            if isinstance(act, int):
                at.server.advance(act)
                job.now_s += act
            elif act == "fail":
                policy.record_failure(job_id)
                job.last_s = job.now_s
            elif act == "succeed":
                policy.record_success(job_id)
                job.attempts, job.last_s = 0, None
            else:
                _ask(policy, job_id, job, only_looks=act == "look")


def _ask(policy: Any, job_id: str, job: _Job, *, only_looks: bool) -> None:
    answer = policy.acquire(job_id, dry_run=only_looks)
    least_s, most_s = job.wait_s(1 - job.settings.jitter), job.wait_s(1.0)
    demand(answer.wait_s <= job.settings.max_cooldown_seconds, f"a wait of {answer.wait_s:g} s is beyond the cap")
    if answer.decision is RetryDecision.ALLOWED:
        demand(job.attempts < job.settings.max_attempts, f"attempt {job.attempts + 1} was allowed: too often")
        demand(job.waited_s + _SLACK_S >= least_s, f"allowed after {job.waited_s:g} s of {least_s:g} s: too early")
        if not only_looks:
            job.attempts += 1
            job.last_s = job.now_s
            demand(answer.attempt == job.attempts, f"attempt {job.attempts} was called {answer.attempt}")
    elif answer.decision is RetryDecision.COOLDOWN:
        demand(job.waited_s <= most_s + _SLACK_S, f"still refused after {job.waited_s:g} s of {most_s:g} s")
    else:
        demand(answer.decision is RetryDecision.MAX_ATTEMPTS, f"answered {answer.decision}")
        demand(job.attempts >= job.settings.max_attempts, f"refused for good after {job.attempts} attempts")


@contextmanager
def policies(make: Callable[..., Any] = RetryPolicy) -> Iterator[Policies]:
    """Start a server whose clock can be moved."""
    with RedisServer(controlled_clock=True) as server:
        yield Policies(server, make)


CLAIM = Claim(
    name="retry_policy",
    says="No retry is allowed before its cooldown is over or beyond the limit, and no wait is longer than the cap.",
    drawn={"settings": _SETTINGS, "acts": _ACTS},
    check=check,
    suspect=policies,
    needs_clock=True,
)
