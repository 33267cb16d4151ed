"""Real RQ workers that end at once; as a program, one until its queues are empty: ``python -m ... URL QUEUE...``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue, SimpleWorker, Worker
from rq.worker.base import BaseWorker

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[3]


class _EndsAtOnce(BaseWorker):
    """Tells the thread that hears orders to end before it hears that there are no more.

    The other way round, as RQ does it, that thread may listen once more, and RQ waits a second for it in vain.
    """

    def unsubscribe(self) -> None:
        if self.pubsub_thread is not None:
            self.pubsub_thread.stop()
        super().unsubscribe()  # type: ignore[no-untyped-call]


class ForkingWorker(_EndsAtOnce, Worker):
    """RQ's worker, which forks for every job."""


class WorkerInProcess(_EndsAtOnce, SimpleWorker):
    """RQ's worker that runs its jobs itself."""


def start(url: str, *queues: str) -> subprocess.Popen[bytes]:
    """Start a worker that ends when its queues are empty; it forks for every job."""
    command = [sys.executable, "-m", "safety_core.jobs_api.tests.rq_worker", url, *(queues or ("default",))]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def work(url: str, *queues: str) -> None:
    """Run a worker until its queues are empty; it may end badly, as some of these tests want it to."""
    with start(url, *queues) as worker:
        worker.wait(60)


def main(url: str, names: Sequence[str]) -> None:
    """Work until the queues are empty."""
    connection = redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0))
    ForkingWorker([Queue(name, connection=connection) for name in names], connection=connection).work(
        burst=True, logging_level="WARNING"
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
