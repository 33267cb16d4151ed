"""Jobs that run once, by the retry guard of the safety core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from safety_core.idempotency import GuardSettings, prepare_store
from safety_core.job_safety import RetryGuard

if TYPE_CHECKING:
    from collections.abc import Callable

_NAMESPACE = "trading"


class NotRunError(Exception):
    """The job runs already, or it is in doubt what became of it."""


class OnceJobs:
    """Runs a job once per key."""

    def __init__(self, redis_url: str, lease_s: float) -> None:
        """Make the guard; nothing is sent before the first call."""
        settings = GuardSettings(namespace=_NAMESPACE, lease_s=lease_s, request_life_s=lease_s)
        self._guard = RetryGuard(redis_url, settings=settings)

    def run(self, key: str, payload: dict[str, Any], job: Callable[[dict[str, Any]], Any]) -> Any:
        """Return what the job returned, in this run or in an earlier one.

        Raises:
            NotRunError: It may not run now, and no result is there.
        """
        answer = self._guard.begin(f"job-{key}", key, payload=payload)
        if answer.run is None:
            if answer.result is None:
                raise NotRunError(f"{answer.decision}: {answer.reason}")
            return answer.result
        try:
            result = job(payload)
        except Exception as error:
            self._guard.failed(answer.run, error)
            raise
        self._guard.done(answer.run, result)
        return result

    __call__ = run


def make(redis_url: str, lease_s: float) -> OnceJobs:
    """Return the guard of jobs."""
    return OnceJobs(redis_url, lease_s)


def prepare(redis_url: str) -> None:
    """Record the store's identity, once and before the first job."""
    prepare_store(redis_url, settings=GuardSettings(namespace=_NAMESPACE))


make.prepare = prepare
