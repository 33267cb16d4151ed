"""Jobs in no list: found, and put back only when nobody can be about to run them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from safety_core.jobs_api import rq_keys
from safety_core.jobs_api.reconciler import Reconciler
from safety_core.jobs_api.tests.apis import Api
from safety_core.tests.servers import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from safety_core.tests.servers import Server


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return its time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Return a clock at 0."""
    return Clock()


@pytest.fixture
def reconciler(api: Api, clock: Clock) -> Reconciler:
    """Return a reconciler that waits a minute."""
    return Reconciler(api.client, after_s=60, audit=api.audit, now=clock)


def stranded(api: Api) -> str:
    """Return the id of a job that is queued and in no list."""
    job = api.queue.enqueue(print, "x")
    api.client.lrem(api.queue.key, 0, job.id)
    return job.id


def test_stranded_job_is_put_back_after_its_time_and_audited(api: Api, reconciler: Reconciler, clock: Clock) -> None:
    """Not a second earlier, and once."""
    job_id = stranded(api)
    assert [one.job_id for one in reconciler.look()] == [job_id]
    assert reconciler.repair() == []
    clock.now = 59.9
    assert reconciler.repair() == []
    clock.now = 60.0
    assert [one.job_id for one in reconciler.repair()] == [job_id]
    assert reconciler.repair() == []
    assert api.queue.job_ids == [job_id]
    assert [record.user_or_system for record in api.audit.query(job_id)] == ["reconciler"]


def test_what_is_where_it_belongs_is_left_alone(api: Api, reconciler: Reconciler, clock: Clock) -> None:
    """Queued, failed, finished and being taken."""
    api.fails()
    api.queue.enqueue(print, "x")
    taken = stranded(api)
    api.client.rpush(rq_keys.taken_key("default"), taken)
    for clock.now in (0.0, 1000.0):
        assert reconciler.repair() == []
    assert len(api.queue.job_ids) == 1


def test_job_that_moved_meanwhile_is_left_alone(api: Api, reconciler: Reconciler, clock: Clock) -> None:
    """One that a worker holds, one that was enqueued anew, and one that is scheduled."""
    held, anew, later = (stranded(api) for _ in range(3))
    reconciler.repair()
    clock.now = 60.0
    api.client.zadd(rq_keys.executions_key(held), {"execution": 2**32})
    api.client.hset(rq_keys.job_key(anew), "enqueued_at", "2030-01-01T00:00:00.000000Z")
    api.client.zadd(rq_keys.registry_key("scheduled", "default"), {later: 2**32})
    assert reconciler.repair() == []
    assert api.queue.job_ids == []
    clock.now = 120.0
    assert [one.job_id for one in reconciler.repair()] == [anew]


def test_job_seen_anew_waits_anew(api: Api, reconciler: Reconciler, clock: Clock) -> None:
    """What was in its list in between was not lost all the time."""
    job_id = stranded(api)
    reconciler.repair()
    api.client.rpush(api.queue.key, job_id)
    clock.now = 30.0
    reconciler.repair()
    api.client.lrem(api.queue.key, 0, job_id)
    clock.now = 60.0
    assert reconciler.repair() == []
    clock.now = 120.0
    assert len(reconciler.repair()) == 1


def test_jobs_of_other_queues_are_left_alone(api: Api, clock: Clock) -> None:
    """Where only some were named."""
    stranded(api)
    others = Reconciler(api.client, after_s=60, queues=["other"], now=clock)
    for clock.now in (0.0, 1000.0):
        assert others.repair() == []


def test_api_looks_by_itself(server: Server, tmp_path: Path) -> None:
    """While it runs, in a thread that ends with it."""
    with Api(server, tmp_path, reconcile_every_s=0.05, stranded_after_s=1) as api:
        job_id = stranded(api)
        assert eventually(lambda: api.queue.job_ids == [job_id])
        threads = threading.active_count()
    assert threading.active_count() < threads


def test_redis_that_is_away_is_looked_for_again(api: Api, reconciler: Reconciler, server: Server) -> None:
    """The thread goes on; it does not end with the first error."""
    stop = threading.Event()
    thread = threading.Thread(target=reconciler.run, args=(stop, 0.01))
    server.kill()
    thread.start()
    assert not eventually(lambda: not thread.is_alive(), deadline_s=0.5)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
