"""Finds jobs that say they are queued, or failed, and are in no list where anybody would look for them.

A reply of Redis that is lost while a worker takes a job leaves such a job behind, and RQ never finds it. It is put
back only after it was seen so for a while: a worker takes a moment between taking a job and starting it.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import redis

from . import rq_keys
from .moving import Mover

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator

    from .auditing import ReadableAudit

logger = logging.getLogger("safety_core.jobs_api")

_AT_ONCE = 500


@final
@dataclass(frozen=True, slots=True)
class Stranded:
    """A job in no list, as it was seen."""

    job_id: str
    queue: str
    status: str
    enqueued_at: str


class Reconciler:
    """Looks again and again; what was seen in no list for long enough is put back. Not safe for threads."""

    def __init__(
        self,
        connection: redis.Redis,
        *,
        after_s: float = 120.0,
        queues: Iterable[str] = (),
        audit: ReadableAudit | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make a reconciler.

        Args:
            connection: The Redis of RQ.
            after_s: Seconds between the first sight of a job in no list and its rescue.
            queues: Only these; none named: all.
            audit: Told each rescue.
            now: Seconds of a clock that never goes back.
        """
        self._connection = connection
        self._mover = Mover(connection)
        self._after_s = after_s
        self._only = frozenset(queues)
        self._audit = audit
        self._now = now
        self._seen: dict[Stranded, float] = {}

    def look(self) -> list[Stranded]:
        """Return the jobs that are in no list now; some of them may be on their way between two.

        Raises:
            RedisError: Redis gave no answer.
        """
        suspects = list(self._suspects())
        with self._connection.pipeline(transaction=False) as pipe:
            for one in suspects:
                if one.status == "failed":
                    pipe.zscore(rq_keys.failed_key(one.queue), one.job_id)
                else:
                    pipe.lpos(rq_keys.queue_key(one.queue), one.job_id)
                pipe.lpos(rq_keys.taken_key(one.queue), one.job_id)
            found = pipe.execute()
        pairs = zip(suspects, found[::2], found[1::2], strict=True)
        return [one for one, listed, taken in pairs if listed is None and taken is None]

    def repair(self) -> list[Stranded]:
        """Look once, and put back what was seen for long enough; return that.

        Raises:
            RedisError: Redis gave no answer.
        """
        now = self._now()
        stranded = self.look()
        self._seen = {one: self._seen.get(one, now) for one in stranded}
        due = [one for one, since in self._seen.items() if now - since >= self._after_s]
        return [one for one in due if self._rescued(one)]

    def run(self, stop: threading.Event, every_s: float) -> None:
        """Repair every so many seconds until told to stop; what fails is logged and tried again."""
        while not stop.wait(every_s):
            try:
                self.repair()
            except redis.RedisError as error:
                logger.warning("nobody could look for lost jobs: %s", type(error).__name__)
            except Exception:
                logger.exception("looking for lost jobs failed")

    def _suspects(self) -> Iterator[Stranded]:
        names: list[str] = []
        for raw in self._connection.scan_iter(f"{rq_keys.JOB}*", count=_AT_ONCE, _type="hash"):
            names.append(raw.decode("utf-8", "replace").removeprefix(rq_keys.JOB))
            if len(names) >= _AT_ONCE:
                yield from self._judged(names)
                names = []
        yield from self._judged(names)

    def _judged(self, names: list[str]) -> Iterator[Stranded]:
        with self._connection.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.hmget(rq_keys.job_key(name), "status", "origin", "enqueued_at")
            replies: list[list[Any]] = pipe.execute()
        for name, reply in zip(names, replies, strict=True):
            status, origin, enqueued_at = ((part or b"").decode("utf-8", "replace") for part in reply)
            if status in {"queued", "failed"} and (origin in self._only if self._only else origin):
                yield Stranded(name, origin, status, enqueued_at)

    def _rescued(self, one: Stranded) -> bool:
        word = self._mover.rescue(one.job_id, one.queue, one.status, one.enqueued_at)
        self._seen.pop(one, None)
        if word == "MOVED":
            return False
        logger.warning("the job %s was %s and in no list; it is back", one.job_id, one.status)
        if self._audit is not None:
            self._audit.record(
                job_id=one.job_id[:256],
                user_or_system="reconciler",
                retry_reason=f"it was {one.status} and in no list",
                action="retry",
            )
        return True
