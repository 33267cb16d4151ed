"""Where RQ keeps its queues, registries and jobs. Names only: the one place that knows them."""

from __future__ import annotations

QUEUES = "rq:queues"
JOB = "rq:job:"


def queue_key(queue: str) -> str:
    """Return the list of a queue."""
    return f"rq:queue:{queue}"


def taken_key(queue: str) -> str:
    """Return the list of the jobs that a worker of this queue alone is taking."""
    return f"rq:queue:{queue}:intermediate"


def failed_key(queue: str) -> str:
    """Return the registry of a queue's failed jobs, by the time until which they are kept."""
    return f"rq:failed:{queue}"


def registry_key(kind: str, queue: str) -> str:
    """Return another registry of a queue: `wip`, `finished`, `scheduled` or `deferred`."""
    return f"rq:{kind}:{queue}"


def scheduler_lock(queue: str) -> str:
    """Return what a scheduler of this queue holds while it works."""
    return f"rq:scheduler-lock:{queue}"


def job_key(job_id: str) -> str:
    """Return the hash of a job."""
    return f"{JOB}{job_id}"


def results_key(job_id: str) -> str:
    """Return the stream of a job's results."""
    return f"rq:results:{job_id}"


def executions_key(job_id: str) -> str:
    """Return the registry of a job's executions."""
    return f"rq:executions:{job_id}"
