"""RQ's own ways to run a job twice, or to lose it, each with RQ's own worker: the order is placed once all the same.

Twelve rows. `runs` counts how often the job ran, `book` what reached the venue. Where RQ loses the job, the jobs API
finds it. A worker is a process of its own, and forks for every job.
"""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry as ClientRetry
from rq import Callback, Queue, Retry, Worker
from rq.exceptions import DuplicateJobError, InvalidJobOperation
from rq.job import Job
from rq.registry import StartedJobRegistry
from rq.scheduler import RQScheduler

from safety_core.idempotency import prepare_store
from safety_core.jobs_api.failed_jobs import FailedJobs
from safety_core.jobs_api.moving import Mover, Placed, client_of
from safety_core.jobs_api.reconciler import Reconciler
from safety_core.jobs_api.tests import rq_jobs
from safety_core.jobs_api.tests.rq_worker import start, work
from safety_core.tests.relay import Relay

if TYPE_CHECKING:
    from collections.abc import Iterator

    from safety_core.tests.servers import Server

ORDER = "order-1"


class Rq:
    """RQ on a server of its own.

    Attributes:
        url: Where the server is.
        client: A client of it.
        queue: The queue.
    """

    def __init__(self, server: Server) -> None:
        prepare_store(server.url)
        self.server = server
        self.url = server.url
        self.client: Any = server.client()
        self.queue = Queue(connection=self.client)

    @property
    def runs(self) -> int:
        """How often a job ran."""
        return int(self.client.get(rq_jobs.RUNS) or 0)

    @property
    def book(self) -> list[bytes]:
        """What reached the venue."""
        held: Any = self.client.lrange(rq_jobs.BOOK, 0, -1)
        return list(held)

    def order(self, then: str = "", **options: Any) -> Job:
        """Enqueue the order."""
        return self.queue.enqueue(rq_jobs.place_order, self.url, ORDER, then, **options)

    def through(self, relay: Relay, *, repeats: int = 0) -> redis.Redis:
        """Return a client whose every byte goes through a relay."""
        return redis.Redis.from_url(relay.url, retry=ClientRetry(NoBackoff(), repeats), protocol=2)

    def reconciled(self) -> list[str]:
        """Look twice for jobs in no list, with the time in between that makes one due; return those put back."""
        time = [0.0]
        reconciler = Reconciler(self.client, after_s=60, now=lambda: time[0])
        assert not reconciler.repair()
        time[0] = 61.0
        return [one.job_id for one in reconciler.repair()]

    def finished(self) -> bool:
        """Run a worker until nothing is queued; return whether the order is placed exactly once."""
        work(self.url)
        return self.book == [ORDER.encode()]


@pytest.fixture
def rq(redis_server: Server) -> Iterator[Rq]:
    """Yield RQ on a server of its own."""
    rq = Rq(redis_server)
    yield rq
    rq.client.close()


def losing(word: str) -> Any:
    """Return what a relay knows a request by."""
    return SimpleNamespace(sha=word)


@pytest.mark.parametrize(("then", "runs"), [("unpicklable", 1), ("again", 3)])
def test_1_result_that_rq_cannot_keep(then: str, runs: int, rq: Rq) -> None:
    """RQ 3.0 keeps a mark in the place of what cannot be pickled; earlier it ran the job again, as for a `Retry`."""
    rq.order(then, retry=Retry(max=2))
    assert rq.finished()
    assert rq.runs == runs


def test_2_callback_of_a_success_that_fails(rq: Rq) -> None:
    """RQ runs the job again for a callback."""
    rq.order(on_success=Callback(rq_jobs.on_success_that_fails), retry=Retry(max=2))
    assert rq.finished()
    assert rq.runs == 3


def test_3_process_killed_after_the_effect(rq: Rq) -> None:
    """RQ cannot know that the order is placed."""
    rq.order("killed", retry=Retry(max=2))
    assert rq.finished()
    assert rq.runs == 3


@pytest.mark.takes_long
def test_4_worker_that_is_taken_for_dead(rq: Rq) -> None:
    """Its job is given to another one while it still runs, and on a slow machine to a third."""
    job = rq.order("held", retry=Retry(max=1))
    with start(rq.url) as first:
        assert rq.client.blpop([rq_jobs.HELD], timeout=60)
        started = StartedJobRegistry(connection=rq.client)
        for member in rq.client.zrange(started.key, 0, -1):
            rq.client.zadd(started.key, {member: 1}, xx=True)
        started.cleanup()
        assert rq.queue.job_ids == [job.id]
        work(rq.url)
        rq.client.rpush(rq_jobs.GO, "go")
        first.wait(60)
    assert rq.runs >= 2
    assert rq.book == [ORDER.encode()]


def test_5_enqueueing_whose_reply_is_lost(rq: Rq) -> None:
    """A client that repeats commands puts the id into the queue twice."""
    with Relay(rq.server.port) as relay:
        relay.lose_reply(losing("RPUSH"))
        with rq.through(relay, repeats=1) as client:
            Queue(connection=client).enqueue(rq_jobs.place_order, rq.url, ORDER)
        assert relay.witnessed == ["reply"]
    assert len(rq.queue.job_ids) == 2
    assert rq.finished()
    assert rq.runs == 2


def test_6_unique_enqueueing_whose_reply_is_lost(rq: Rq) -> None:
    """The caller is told that the job is there already: it is, and it is its own."""
    rq.client.set("warm", 1)
    with Relay(rq.server.port) as relay, rq.through(relay, repeats=1) as client:
        queue = Queue(connection=client)
        queue.enqueue(rq_jobs.fail, "wrong", job_id="other", unique=True)
        rq.client.delete(rq.queue.key)
        relay.lose_reply(losing("EVALSHA"))
        with pytest.raises(DuplicateJobError):
            queue.enqueue(rq_jobs.place_order, rq.url, ORDER, job_id="mine", unique=True)
        assert relay.witnessed == ["reply"]
    assert rq.finished()
    assert rq.runs == 1


@pytest.mark.takes_long
def test_7_requeueing_whose_reply_is_lost(rq: Rq) -> None:
    """RQ's own loses the job; ours moves it once, and finds what RQ lost."""
    job = rq.order("killed")
    work(rq.url)
    assert rq.queue.failed_job_registry.get_job_ids() == [job.id]
    with Relay(rq.server.port) as relay:
        relay.lose_reply(losing("ZREM"))
        with rq.through(relay, repeats=1) as client, pytest.raises(InvalidJobOperation):
            Job.fetch(job.id, connection=client).requeue()
    assert (rq.queue.job_ids, rq.queue.failed_job_registry.get_job_ids()) == ([], [])
    assert rq.reconciled() == [job.id]
    assert rq.queue.failed_job_registry.get_job_ids() == [job.id]
    found = FailedJobs(rq.client).find(job.id)
    assert found is not None
    with Relay(rq.server.port) as relay, client_of(relay.url) as client:
        mover = Mover(client)
        script = mover._requeue
        client.script_load(script.script)
        relay.lose_reply(losing(script.sha), count=2)
        assert mover.requeue(found) is Placed.QUEUED
        assert relay.witnessed == ["reply", "reply"]
    assert (rq.queue.job_ids, rq.queue.failed_job_registry.get_job_ids()) == ([job.id], [])
    assert rq.finished()
    assert rq.runs == 2


@pytest.mark.takes_long
@pytest.mark.parametrize("queues", [("default", "other"), ("default",)])
def test_8_and_9_dequeueing_whose_reply_is_lost(queues: tuple[str, ...], rq: Rq) -> None:
    """With several queues the job is in no list, and nobody looks for it; with one, RQ fails it after a minute."""
    job = rq.order()
    with Relay(rq.server.port) as relay, rq.through(relay) as client:
        relay.lose_reply(losing("LPOP" if len(queues) > 1 else "LMOVE"))
        taken = [Queue(name, connection=client) for name in queues]
        with pytest.raises(redis.ConnectionError):
            Queue.dequeue_any(taken, None, connection=client)
        assert relay.witnessed == ["reply"]
    work(rq.url, *queues)
    assert (rq.runs, rq.queue.job_ids) == (0, [])
    if len(queues) > 1:
        assert rq.reconciled() == [job.id]
    else:
        assert not rq.reconciled()
        worker = Worker([rq.queue], connection=rq.client)
        rq.client.set(rq.queue.intermediate_queue.get_first_seen_key(job.id), "1")
        rq.queue.intermediate_queue.cleanup(worker, rq.queue)
        found = FailedJobs(rq.client).find(job.id)
        assert found is not None
        assert Mover(rq.client).requeue(found) is Placed.QUEUED
    assert rq.finished()
    assert rq.runs == 1


@pytest.mark.takes_long
def test_10_success_whose_reply_is_lost(rq: Rq) -> None:
    """RQ writes the result twice; nobody runs the job again."""
    job = rq.order()
    with Relay(rq.server.port) as relay:
        relay.lose_reply(losing("return_value"))
        work(relay.url)
        assert relay.witnessed == ["reply"]
    assert rq.finished()
    assert rq.runs == 1
    assert {result.type.name for result in job.results()} == {"SUCCESSFUL"}


@pytest.mark.takes_long
def test_11_job_id_that_is_free_again(rq: Rq) -> None:
    """Once RQ forgot a job, `unique` takes its id again; the order is known by its own."""
    for _ in range(2):
        rq.order(job_id="mine", unique=True, result_ttl=0)
        work(rq.url)
    assert rq.runs == 2
    assert rq.book == [ORDER.encode()]


def test_12_two_schedulers(rq: Rq) -> None:
    """Both got the same due jobs before one of them pushed: the id is in the queue twice."""
    job = rq.queue.create_job(rq_jobs.place_order, (rq.url, ORDER))
    rq.queue.schedule_job(job, job.created_at)
    registry = rq.queue.scheduled_job_registry
    barrier = threading.Barrier(2)

    def once(*args: Any, **options: Any) -> list[str]:
        due: list[str] = type(registry).get_jobs_to_schedule(registry, *args, **options)
        barrier.wait(60)
        return due

    def schedule() -> None:
        with rq.server.client() as client:
            scheduler: Any = RQScheduler([rq.queue], connection=client)
            own = type(registry)(connection=client)
            own.get_jobs_to_schedule = once
            scheduler._scheduled_job_registries = [own]
            scheduler._status = scheduler.Status.STARTED
            scheduler.enqueue_scheduled_jobs()

    both = [threading.Thread(target=schedule) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join(60)
    assert rq.queue.job_ids == [job.id, job.id]
    assert rq.finished()
    assert rq.runs == 2
