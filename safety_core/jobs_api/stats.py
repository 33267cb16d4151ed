"""Counts what is where in RQ, and what the audit says was decided. Reads only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from . import rq_keys
from .answers import QueueStats, RetryStats, Stats

if TYPE_CHECKING:
    from collections.abc import Sequence

    import redis

    from .auditing import ReadableAudit

_WINDOW = timedelta(hours=24)


def stats_of(connection: redis.Redis, queues: Sequence[str], audit: ReadableAudit) -> Stats:
    """Return the counts of these queues, and of the last 24 hours of the audit."""
    with connection.pipeline(transaction=False) as pipe:
        for name in queues:
            pipe.llen(rq_keys.queue_key(name))
            for kind in ("wip", "failed", "scheduled", "deferred", "finished"):
                pipe.zcard(rq_keys.registry_key(kind, name))
        counts = pipe.execute()
    listed = [
        QueueStats(
            name=name, queued=of[0], started=of[1], failed=of[2], scheduled=of[3], deferred=of[4], finished=of[5]
        )
        for name, of in zip(queues, (counts[at : at + 6] for at in range(0, len(counts), 6)), strict=True)
    ]
    return Stats(queues=listed, retries=_retries(audit.query(start=datetime.now(UTC) - _WINDOW)))


def _retries(records: Sequence[Any]) -> RetryStats:
    """Return what was decided: every decision once, and every force by its intent."""
    found = RetryStats(allowed=0, refused=0, forced=0, dry_runs=0, by_failure_type={})
    for record in records:
        if record.action == "force" and record.phase == "intent":
            found.forced += 1
        elif record.action == "retry" and record.phase == "decision":
            found.dry_runs += record.dry_run_flag
            found.refused += bool(record.block_reason) and not record.dry_run_flag
            found.allowed += not record.block_reason and not record.dry_run_flag
            if record.failure_type and not record.dry_run_flag:
                found.by_failure_type[record.failure_type] = found.by_failure_type.get(record.failure_type, 0) + 1
    return found
