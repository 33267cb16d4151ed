"""Moves a job from one place of RQ to another, each in one script. A reply that is lost is asked for again.

Nothing is ever in no place in between, whatever is cut off, and repeated under one token nothing moves twice.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from . import rq_keys

if TYPE_CHECKING:
    from .failed_jobs import FailedJob

_FOLDER = Path(__file__).parent / "scripts"
_TRIES = 3
FAILED_KEPT_S = 31_536_000
"""How long RQ keeps failed jobs where nothing else is said: a year."""


class Placed(StrEnum):
    """What became of a job that was to be put back."""

    QUEUED = "queued"
    SCHEDULED = "scheduled"
    ALREADY_QUEUED = "already_queued"
    NOT_FAILED = "not_failed"
    CHANGED = "changed"
    GONE = "gone"
    RATE_LIMITED = "rate_limited"

    @property
    def is_back(self) -> bool:
        """Whether it will run again."""
        return self in {Placed.QUEUED, Placed.SCHEDULED, Placed.ALREADY_QUEUED}


def client_of(url: str) -> redis.Redis:
    """Return a client that never repeats a command by itself.

    Raises:
        ValueError: The URL cannot be used.
    """
    return redis.Redis.from_url(
        url, retry=Retry(NoBackoff(), 0), socket_timeout=5, socket_connect_timeout=5, protocol=2
    )


class Mover:
    """Moves jobs."""

    def __init__(self, connection: redis.Redis) -> None:
        self._requeue = _script(connection, "requeue")
        self._rescue = _script(connection, "rescue")
        self._take = _script(connection, "take")

    def requeue(self, job: FailedJob, *, delay_s: float = 0.0) -> Placed:
        """Put a failed job back into its queue.

        Args:
            job: The job, as it was seen; one that failed anew since then is left alone.
            delay_s: Seconds to wait before. Where no scheduler runs for the queue, it is not waited.

        Raises:
            RedisError: Redis gave no answer three times: the job is where it was, or in its queue.
        """
        keys = [
            rq_keys.failed_key(job.queue),
            rq_keys.job_key(job.id),
            rq_keys.queue_key(job.queue),
            rq_keys.QUEUES,
            rq_keys.registry_key("scheduled", job.queue),
            rq_keys.scheduler_lock(job.queue),
        ]
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        word = _asked(self._requeue, keys, [job.id, repr(job.score), os.urandom(16).hex(), now, delay_s])
        return Placed(word.decode().lower())

    def rescue(self, job_id: str, queue: str, status: str, enqueued_at: str) -> str:
        """Put a job back that is in no list; return QUEUED, FAILED, or MOVED where it moved meanwhile.

        Raises:
            RedisError: As for `requeue`.
        """
        keys = [
            rq_keys.job_key(job_id),
            rq_keys.queue_key(queue),
            rq_keys.taken_key(queue),
            rq_keys.QUEUES,
            rq_keys.registry_key("scheduled", queue),
            rq_keys.registry_key("deferred", queue),
            rq_keys.failed_key(queue),
            rq_keys.executions_key(job_id),
        ]
        word: bytes = _asked(self._rescue, keys, [job_id, status, enqueued_at, FAILED_KEPT_S])
        return word.decode()

    def may_take(self, key: str, *, size: int, per_minute: float) -> float:
        """Take one from the bucket at `key`; return 0, or the seconds after which there is one.

        Raises:
            RedisError: Redis gave no answer. One may have been taken.
        """
        return float(self._take(keys=[key], args=[size, 60_000 / per_minute])) / 1000


def _script(connection: redis.Redis, name: str) -> Any:
    return connection.register_script((_FOLDER / f"{name}.lua").read_text(encoding="utf-8"))


def _asked(script: Any, keys: list[str], arguments: list[Any]) -> Any:
    """Run a script that does nothing twice, until an answer comes."""
    for left in reversed(range(_TRIES)):
        try:
            return script(keys=keys, args=arguments)
        except (redis.ConnectionError, redis.TimeoutError):
            if not left:
                raise
    raise AssertionError("the last try answers or raises")
