"""The retry audit: what is decided and done about jobs, on the disk before it is acknowledged.

For force, override, manual clear and retention: no audit, no act. Never holds a record back in memory.
"""

from __future__ import annotations

import json
import logging
import threading
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from safety_core.idempotency.closing import Closable
from safety_core.idempotency.errors import SettingsError

from .disk import Disk
from .errors import AuditInputError, AuditWriteError
from .journal import Journal, journals, read_journal
from .record import NEEDS_AUDIT, AuditAction, AuditRecord, Phase, make_record
from .shards import Shards, compact, read_part
from .statistics import AuditStatistics, statistics_of, unfinished_of
from .verification import Verification, verify_chains

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

logger = logging.getLogger("safety_core.retry_audit")
logger.addHandler(logging.NullHandler())

DEFAULT_PATH = "logs/job_retry_audit"


@final
class Act:
    """An act whose intent is written down; ends by `succeeded` or `failed`.

    Attributes:
        intent: The intent's record; None where it could not be written and need not be.
    """

    __slots__ = ("_audit", "_given", "intent")

    def __init__(self, audit: RetryAudit, given: dict[str, Any], intent: AuditRecord | None) -> None:
        self._audit = audit
        self._given = given
        self.intent = intent

    def succeeded(self) -> None:
        """Write down that it was done.

        Raises:
            AuditWriteError: That could not be written; the act was done, and its intent stands.
        """
        self._end(success=True, error_message="")

    def failed(self, error: BaseException | str) -> None:
        """Write down that it failed, or that nobody knows.

        Raises:
            AuditWriteError: As above; of an exception only its type is written, texts may hold secrets.
        """
        said = error if isinstance(error, str) else type(error).__name__
        self._end(success=False, error_message=said)

    def _end(self, *, success: bool, error_message: str) -> None:
        place = (self.intent.writer, self.intent.sequence) if self.intent is not None else ("", 0)
        self._audit.end(self._given, place, success=success, error_message=error_message)


class RetryAudit(Closable):
    """The audit of one process, in a folder that many processes may share. Safe for threads; survives a fork.

    Attributes:
        path: The folder.
        failures: How many records could not be written.
    """

    def __init__(
        self,
        path: str | Path = DEFAULT_PATH,
        *,
        buffer_size: int = 100,
        retention_days: int = 365,
        on_failure: Callable[[], object] | None = None,
        now: Callable[[], datetime] | None = None,
        disk: Disk | None = None,
    ) -> None:
        """Make an audit; nothing is written before the first record.

        Args:
            path: The folder.
            buffer_size: Records after which the journal is closed, so that `flush` or `compact` of any process can
                turn it into parquet, 1 or more. Nothing waits in memory.
            retention_days: Days that a shard is kept, 1 or more.
            on_failure: Called for each record that could not be written.
            now: The time; None takes the system's, UTC.
            disk: The disk; None takes the real one.

        Raises:
            SettingsError: A number is out of range.
        """
        for name, value in (("buffer_size", buffer_size), ("retention_days", retention_days)):
            if type(value) is not int or not 1 <= value <= 1_000_000:  # noqa: PLR2004 - more is a slip
                raise SettingsError(f"{name} is {value!r}; expected a whole number between 1 and 1000000")
        self.path = Path(path)
        self.failures = 0
        self._buffer_size = buffer_size
        self._retention_days = retention_days
        self._on_failure = on_failure
        self._now = now if now is not None else _utc_now
        self._disk = disk if disk is not None else Disk()
        self._journal = Journal(self.path, self._disk)
        self._shards = Shards(self.path)
        self._lock = threading.Lock()

    def record(self, **columns: Any) -> AuditRecord | None:
        """Write down a decision that nothing is done about: a refusal, a dry run, or what is long over.

        Args:
            columns: `job_id`, `user_or_system`, `retry_reason`, and what else applies of AuditRecord.

        Returns:
            The record, which is on the disk; None where it could not be written (logged and counted).

        Raises:
            AuditInputError: A column is unknown, missing or of a wrong type.
            AuditWriteError: It could not be written, and its action needs that.
        """
        return self._write(columns, Phase.DECISION)

    def begin(self, **columns: Any) -> Act:
        """Write the intent of an act down. Do the act only when this returned; then end it.

        Raises:
            AuditInputError: A column is unknown, missing or of a wrong type.
            AuditWriteError: It could not be written, and the action needs that: it must not be done.
        """
        return Act(self, columns, self._write(columns, Phase.INTENT))

    @contextmanager
    def act(self, **columns: Any) -> Iterator[Act]:
        """Write an act down before and after the block that does it; the same errors as `begin`.

        What the block raises is written as a failure and passed on.
        """
        begun = self.begin(**columns)
        try:
            yield begun
        except BaseException as error:
            begun.failed(error)
            raise
        begun.succeeded()

    def begin_override(self, *, target: str, actor: str, reason: str, state: str) -> Act:
        """Write the intent to override a breaker down; the same errors as `begin`."""
        return self.begin(
            job_id=target[:200],
            user_or_system=actor[:256],
            retry_reason=reason[:256],
            action=AuditAction.OVERRIDE,
            details=json.dumps({"target": target, "reason": reason, "state": state}),
        )

    def end(self, given: dict[str, Any], place: tuple[str, int], *, success: bool, error_message: str) -> None:
        """Write the outcome of an act down, for Act."""
        said = {"success": success, "error_message": error_message}
        linked = {"intent_writer": place[0], "intent_sequence": place[1]}
        self._write({**given, **said}, Phase.OUTCOME, linked)

    def flush(self) -> list[Path]:
        """Turn what this process has written into parts of the daily shards; return the new ones.

        Raises:
            AuditReadError: pyarrow is missing.
            AuditWriteError: The disk failed; the journals are still there.
        """
        with self._lock:
            self._journal.close()
        return compact(self.path, self._disk)

    def compact(self) -> list[Path]:
        """Turn what has no writer any more into parts of the daily shards, as `flush` does; the same errors."""
        return compact(self.path, self._disk)

    def query(
        self,
        job_id: str | None = None,
        *,
        start: datetime | date | None = None,
        end: datetime | date | None = None,
        limit: int | None = None,
    ) -> list[AuditRecord]:
        """Return records in the order of their time; the newest where `limit` cuts.

        Every shard of the range is looked into: the time it takes grows with the number of its records.

        Args:
            job_id: Only this job; None takes all.
            start: From this time on; a date means its first moment, UTC.
            end: Before this time; a date means its last moment, UTC.
            limit: At most so many; None takes all.

        Raises:
            AuditReadError: A file is damaged, or there are shards and pyarrow is missing.
            AuditInputError: A time has no zone, or `limit` is not above zero.
        """
        if limit is not None and (type(limit) is not int or limit < 1):
            raise AuditInputError(f"limit is {limit!r}; expected a whole number, 1 or more, or None")
        first, last = _moment(start, 0), _moment(end, 1)
        # Journals before shards: what is compacted meanwhile is met twice, never missed.
        known = {(each.writer, each.sequence): each for each in self._journalled()}
        known.update(((each.writer, each.sequence), each) for each in self._shards.records(job_id, first, last))
        found = [
            each
            for each in known.values()
            if (job_id is None or each.job_id == job_id)
            and (first is None or each.timestamp >= first)
            and (last is None or each.timestamp < last)
        ]
        found.sort(key=lambda each: (each.timestamp, each.writer, each.sequence))
        return found if limit is None else found[-limit:]

    def statistics(
        self, *, start: datetime | date | None = None, end: datetime | date | None = None
    ) -> AuditStatistics:
        """Count the operations of a range of time; arguments and errors as for `query`."""
        return statistics_of(self.query(start=start, end=end))

    def unfinished(self) -> list[AuditRecord]:
        """Return the intents without an outcome: their acts may have been done. Errors as for `query`."""
        return unfinished_of(self.query())

    def verify(self, known_heads: Mapping[str, tuple[int, str]] | None = None) -> Verification:
        """Look through everything for gaps and changes.

        Args:
            known_heads: `heads` of an earlier verification, to notice a cut tail.

        Raises:
            AuditReadError: A file is damaged, or there are shards and pyarrow is missing.
        """
        torn = [path.name for path in (self.path / "journal").glob("*.torn")]
        for path in journals(self.path):
            try:
                if read_journal(path)[1]:
                    torn.append(path.name)
            except FileNotFoundError:
                continue
        return verify_chains(self.query(), torn, known_heads or {})

    def apply_retention(self, *, user_or_system: str = "system") -> list[date]:
        """Remove the shards of days that are older than the retention; return the days. Audited before and after.

        Raises:
            AuditWriteError: The audit cannot be written, so nothing was removed; or the disk failed.
            AuditReadError: A part that is to go is damaged, or pyarrow is missing.
        """
        oldest = self._now().astimezone(UTC).date() - timedelta(days=self._retention_days)
        days = [day for day in self._shards.days() if day < oldest]
        if not days:
            return []
        parts = [part for day in days for part in self._shards.parts(day)]
        lasts = [read_part(part)[-1] for part in parts]
        facts = {"days": [day.isoformat() for day in days], "ends": [(r.writer, r.sequence, r.hash) for r in lasts]}
        with self.act(
            job_id="audit",
            user_or_system=user_or_system,
            retry_reason=f"older than {self._retention_days} days",
            action=AuditAction.RETENTION,
            details=json.dumps(facts),
        ):
            for part in parts:
                self._disk.remove(part)
            for day in days:
                (self.path / day.isoformat()).rmdir()
        return days

    def close(self) -> None:
        """Close the open journal. The audit may be used again afterwards."""
        with self._lock:
            self._journal.close()

    def _journalled(self) -> Iterator[AuditRecord]:
        for path in journals(self.path):
            try:
                yield from read_journal(path)[0]
            except FileNotFoundError:
                continue

    def _write(
        self, columns: dict[str, Any], phase: Phase, linked: dict[str, Any] | None = None
    ) -> AuditRecord | None:
        with self._lock:
            record = make_record(columns, self._now(), phase, **(linked or {}))
            try:
                placed = self._journal.append(record)
            except OSError as error:
                failure = error
            else:
                if self._journal.lines >= self._buffer_size:
                    self._journal.close()
                return placed
            self.failures += 1
        logger.error("an audit record of %s could not be written: %s", record.action, failure)
        if self._on_failure is not None:
            try:
                self._on_failure()
            except Exception:
                logger.exception("on_failure of the audit failed")
        if record.action in NEEDS_AUDIT:
            was = (
                "was done or failed, and only its intent is"
                if phase is Phase.OUTCOME
                else "must not be done: it is not"
            )
            raise AuditWriteError(
                f"the {record.action} of {record.job_id} {was} written down: {failure}"
            ) from failure
        return None


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _moment(given: datetime | date | None, days_after: int) -> datetime | None:
    if given is None:
        return None
    if isinstance(given, datetime):
        if given.tzinfo is None:
            raise AuditInputError("start and end need a time zone; expected an aware datetime or a date")
        return given
    return datetime(given.year, given.month, given.day, tzinfo=UTC) + timedelta(days=days_after)
