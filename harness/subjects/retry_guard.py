"""The subject ``retry_guard``: the safety core's guard of jobs, which lets the run of a job happen once."""

from __future__ import annotations

from harness.subjects.contract import declare
from harness.subjects.job_run_guard import JobRunGuard
from harness.subjects.reference import OUTSIDE
from harness.subjects.reference_guard import classify, prepare


@declare(promise="exactly_once_or_in_doubt", classify=classify, prepare=prepare, outside=OUTSIDE)
def make(redis_url: str, lease_s: float) -> JobRunGuard:
    """Return a guard with the core's defaults."""
    return JobRunGuard(redis_url, lease_s)
