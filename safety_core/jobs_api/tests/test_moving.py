"""One script moves a job: never lost, never twice, and never a job that is not what it was when it was seen."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import redis
from rq import Queue
from rq.intermediate_queue import IntermediateQueue
from rq.registry import (
    DeferredJobRegistry,
    FailedJobRegistry,
    FinishedJobRegistry,
    ScheduledJobRegistry,
    StartedJobRegistry,
)
from rq.results import Result
from rq.scheduler import RQScheduler

from safety_core.jobs_api import rq_keys
from safety_core.jobs_api.failed_jobs import FailedJobs, plain_meta
from safety_core.jobs_api.moving import Mover, Placed, client_of
from safety_core.tests.relay import Relay

if TYPE_CHECKING:
    from pathlib import Path

    from safety_core.jobs_api.failed_jobs import FailedJob
    from safety_core.jobs_api.tests.apis import Api
    from safety_core.tests.servers import Server


def failed(api: Api, **meta: Any) -> FailedJob:
    """Return a job that failed."""
    found = FailedJobs(api.client).find(api.fails(**meta))
    assert found is not None
    return found


def test_keys_are_those_of_rq(api: Api) -> None:
    """A new version of RQ that moves them is noticed here."""
    queue = Queue("q", connection=api.client)
    kinds = {
        "wip": StartedJobRegistry,
        "failed": FailedJobRegistry,
        "finished": FinishedJobRegistry,
        "scheduled": ScheduledJobRegistry,
        "deferred": DeferredJobRegistry,
    }
    for kind, registry in kinds.items():
        assert rq_keys.registry_key(kind, "q") == registry("q", connection=api.client).key
    job = queue.create_job(print)
    assert rq_keys.failed_key("q") == rq_keys.registry_key("failed", "q")
    assert rq_keys.queue_key("q") == queue.key
    assert rq_keys.taken_key("q") == IntermediateQueue(queue.key, api.client).key
    assert rq_keys.job_key(job.id) == job.key
    assert rq_keys.results_key(job.id) == Result.get_key(job.id)  # type: ignore[no-untyped-call]
    assert rq_keys.executions_key(job.id) == job.execution_registry.key
    assert rq_keys.scheduler_lock("q") == RQScheduler.get_locking_key("q")
    assert Queue.redis_queues_keys == rq_keys.QUEUES


def test_many_at_once_move_a_job_once(api: Api, server: Server) -> None:
    """Taking it out of the registry is the claim."""
    job = failed(api)

    def requeue(_: int) -> Placed:
        with client_of(server.url) as client:
            return Mover(client).requeue(job)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(requeue, range(16)))
    assert answers.count(Placed.QUEUED) == 1
    assert set(answers) == {Placed.QUEUED, Placed.NOT_FAILED}
    assert api.places() == {"queued": [job.id], "failed": []}


def test_request_that_is_lost_leaves_the_job_where_it_is(api: Api, server: Server) -> None:
    """Three times lost is said; the job is still failed, and can be moved later."""
    job = failed(api)
    with Relay(server.port) as relay, client_of(relay.url) as client:
        mover = Mover(client)
        client.script_load(mover._requeue.script)
        relay.lose_request(mover._requeue, count=3)
        with pytest.raises(redis.ConnectionError):
            mover.requeue(job)
        assert api.places() == {"queued": [], "failed": [job.id]}
        assert mover.requeue(job) is Placed.QUEUED


def test_job_that_failed_anew_is_left_alone(api: Api) -> None:
    """It is another failure than the one that was judged."""
    job = failed(api)
    assert Mover(api.client).requeue(replace(job, score=job.score - 1)) is Placed.CHANGED
    assert api.places() == {"queued": [], "failed": [job.id]}


def test_job_that_is_in_its_queue_already_is_not_put_there_again(api: Api) -> None:
    """Whoever put it there, it runs once."""
    job = failed(api)
    api.client.rpush(api.queue.key, job.id)
    assert Mover(api.client).requeue(job) is Placed.ALREADY_QUEUED
    assert api.places() == {"queued": [job.id], "failed": []}


def test_job_whose_data_is_gone_is_forgotten(api: Api) -> None:
    """A worker could do nothing with it."""
    job = failed(api)
    api.client.delete(rq_keys.job_key(job.id))
    assert Mover(api.client).requeue(job) is Placed.GONE
    assert api.places() == {"queued": [], "failed": []}


def test_job_with_a_rate_limit_of_rq_stays_failed(api: Api) -> None:
    """Only RQ knows whether there is room for it."""
    job = failed(api)
    api.client.hset(rq_keys.job_key(job.id), mapping={"rate_limit_key": "k", "rate_limit_concurrency": 1})
    assert Mover(api.client).requeue(job) is Placed.RATE_LIMITED
    assert api.places() == {"queued": [], "failed": [job.id]}
    refused = api.post(f"/failed/{job.id}/retry")
    assert (refused.status_code, refused.json()["title"]) == (409, "rate_limited")


def test_job_that_is_back_does_not_expire_with_its_failure(api: Api) -> None:
    """RQ gives failed jobs a time to live; a queued one has none but its own."""
    job = failed(api)
    api.client.expire(rq_keys.job_key(job.id), 1000)
    Mover(api.client).requeue(job)
    assert api.client.ttl(rq_keys.job_key(job.id)) == -1
    own = failed(api)
    api.client.hset(rq_keys.job_key(own.id), "ttl", 500)
    Mover(api.client).requeue(own)
    assert 0 < api.client.ttl(rq_keys.job_key(own.id)) <= 500


class Runs:
    """What makes a file when it is read from a pickle."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return open, (str(self.path), "w")


def test_metadata_is_read_as_far_as_it_is_plain(tmp_path: Path) -> None:
    """A pickle that would import something runs nothing."""
    assert plain_meta(pickle.dumps({"max_attempts": 1, "tags": ["a"]})) == {"max_attempts": 1, "tags": ["a"]}
    assert plain_meta(pickle.dumps({"max_attempts": 1, "bad": Runs(tmp_path / "made")})) == {}
    assert not (tmp_path / "made").exists()
    assert plain_meta(b'{"max_attempts": 1}') == {"max_attempts": 1}
    for raw in (b"", None, b"\x80", b"[1]", b"{", b"\xff" * 10):
        assert plain_meta(raw) == {}


def test_own_limit_of_a_job_counts(api: Api) -> None:
    """And one that is no number lets nothing through."""
    none, odd = api.fails(max_attempts=0), api.fails(max_attempts="many")
    for job_id in (none, odd):
        refused = api.post(f"/failed/{job_id}/retry")
        assert (refused.status_code, refused.json()["title"]) == (409, "max_attempts")
