"""One real RQ worker in a process of its own, until its queues are empty: ``python -m ... URL QUEUE...``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue, Worker

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[3]


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
    Worker([Queue(name, connection=connection) for name in names], connection=connection).work(
        burst=True, logging_level="WARNING"
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
