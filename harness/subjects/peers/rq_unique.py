"""The unique jobs of RQ. The queue runs the job in the calling process: its uniqueness, and no worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import redis

from harness.subjects.contract import declare
from harness.subjects.peers.peer import Limit, Peer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.subjects.contract import Effect, Guard

PEER = Peer(
    package="rq",
    modules=("rq",),
    what="a Queue of RQ with is_async=False, so that it runs the job itself and no worker is seen; enqueue with "
    "job_id, unique=True and result_ttl=-1, so that a job that succeeded is kept, and fetch_job where there is one",
    promise="at_most_once",
    says=(
        "You can prevent duplicate jobs from being enqueued by using the unique parameter [...] If True, raises "
        "DuplicateJobError if a job with the same ID exists."
    ),
    where="README of RQ, Unique Jobs, and docstring of rq.Queue.enqueue_job",
    limits=(
        Limit(
            says="If True, raises DuplicateJobError if a job with the same ID exists.",
            where="docstring of rq.Queue.enqueue_job: only the ID is compared",
            leaves_out=("conflict",),
        ),
    ),
)


class _Call:
    """The effect of one call. RQ stores what it runs; of this, nothing is stored that another process could run."""

    def __init__(self, effect: Effect) -> None:
        self._effect = effect
        self.receipt: Any = None
        self.error: BaseException | None = None

    def __reduce__(self) -> tuple[type[dict[str, Any]], tuple[()]]:
        return dict, ()

    def run(self, payload: Mapping[str, Any]) -> Any:
        """Run the effect; the queue takes an exception for the job's and returns."""
        try:
            self.receipt = self._effect(payload)
        except BaseException as error:
            self.error = error
            raise
        return self.receipt


def classify(error: BaseException) -> tuple[str, str]:
    """Return what an exception of the guard means: of an error of the venue, what it says itself."""
    from rq.exceptions import DuplicateJobError

    if isinstance(error, DuplicateJobError):
        return ("FAIL", "in_progress")
    return ("FAIL", "rejected") if getattr(error, "definite", None) is True else ("INDETERMINATE", "")


@declare(promise=PEER.promise, classify=classify, outside=PEER.outside)
def make(redis_url: str, lease_s: float) -> Guard:
    """Return a guard whose effect is a job of which there may be one for each key."""
    from rq import Queue
    from rq.exceptions import DuplicateJobError

    client = redis.Redis.from_url(redis_url)

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        queue, call = Queue(connection=client, is_async=False), _Call(effect)
        job_id = key.encode().hex()  # an id may hold no colon
        try:
            queue.enqueue(
                call.run, dict(payload), job_id=job_id, unique=True, job_timeout=int(lease_s), result_ttl=-1
            )
        except DuplicateJobError:
            job = queue.fetch_job(job_id)
            if job is None or not job.is_finished:
                raise
            return job.return_value()
        if call.error is not None:
            raise call.error
        return call.receipt

    return guard
