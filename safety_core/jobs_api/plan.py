"""What would be done with which job, as a hash: a dry run hands it out, and whoever does it may name it again.

A plan is a function of what it holds. The same jobs in the same state give the same hash in every process.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from safety_core.job_safety import RetryAnswer

    from .failed_jobs import FailedJob


def plan_hash(looked: Iterable[tuple[FailedJob, RetryAnswer]], *, forced: bool, only_retryable: bool) -> str:
    """Return the hash of the jobs that would be retried, each with its queue, failure and attempt."""
    jobs = sorted((job.id, job.queue, repr(job.score), answer.attempt) for job, answer in looked if answer.allowed)
    text = json.dumps({"jobs": jobs, "forced": forced, "only_retryable": only_retryable}, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()
