"""Counts over records of the audit. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from .record import Phase

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .record import AuditRecord


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AuditStatistics:
    """Counts of operations: an intent and its outcome are one.

    Attributes:
        total: Operations that ended or were decided.
        succeeded: Those that went well.
        failed: Those that did not.
        dry_runs: Those that were to change nothing.
        unfinished: Intents without an outcome: under way, or their process died.
        by_action: Operations by action.
        by_failure_type: Operations by what had failed before.
        by_block_reason: Refused retries by reason.
        by_user: Operations by who did them.
        by_job: Operations by job.
    """

    total: int
    succeeded: int
    failed: int
    dry_runs: int
    unfinished: int
    by_action: Mapping[str, int]
    by_failure_type: Mapping[str, int]
    by_block_reason: Mapping[str, int]
    by_user: Mapping[str, int]
    by_job: Mapping[str, int]

    @property
    def success_rate(self) -> float | None:
        """Succeeded among those that went well or did not; None where there is none."""
        ended = self.succeeded + self.failed
        return self.succeeded / ended if ended else None


def statistics_of(records: Iterable[AuditRecord]) -> AuditStatistics:
    """Count records."""
    every = list(records)
    ended = [record for record in every if record.phase is not Phase.INTENT]
    return AuditStatistics(
        total=len(ended),
        succeeded=sum(record.success is True for record in ended),
        failed=sum(record.success is False and not record.block_reason for record in ended),
        dry_runs=sum(record.dry_run_flag for record in ended),
        unfinished=len(unfinished_of(every)),
        by_action=Counter(str(record.action) for record in ended),
        by_failure_type=Counter(record.failure_type for record in ended if record.failure_type),
        by_block_reason=Counter(record.block_reason for record in ended if record.block_reason),
        by_user=Counter(record.user_or_system for record in ended),
        by_job=Counter(record.job_id for record in ended),
    )


def unfinished_of(records: Iterable[AuditRecord]) -> list[AuditRecord]:
    """Return the intents that have no outcome among `records`."""
    intents = {}
    ended = set()
    for record in records:
        if record.phase is Phase.INTENT:
            intents[record.writer, record.sequence] = record
        elif record.phase is Phase.OUTCOME:
            ended.add((record.intent_writer, record.intent_sequence))
    return [record for place, record in intents.items() if place not in ended]
