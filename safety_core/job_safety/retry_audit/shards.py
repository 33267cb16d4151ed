"""Daily shards: a folder for each UTC day, in it one parquet file for each journal. Never a torn file.

Meets pyarrow, which the extra `audit` brings.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, final

from .errors import AuditReadError, AuditWriteError
from .journal import journals, read_journal
from .record import AuditRecord, record_of_row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .disk import Disk

SUFFIX = ".parquet"
_MISSING = "parquet shards need pyarrow; install the extra `audit`"


def _arrow() -> tuple[Any, Any]:
    try:
        import pyarrow as pa  # noqa: PLC0415 - the journal alone works without it
        import pyarrow.parquet as pq  # noqa: PLC0415 - as above
    except ImportError:
        raise AuditReadError(_MISSING) from None
    return pa, pq


def schema() -> Any:
    """Return the schema of a shard: the nine columns of the retry audit first.

    Raises:
        AuditReadError: pyarrow is missing.
    """
    pa, _ = _arrow()
    kinds = {
        "timestamp": pa.timestamp("us", tz="UTC"),
        "attempt_number": pa.int32(),
        "dry_run_flag": pa.bool_(),
        "success": pa.bool_(),
        "intent_sequence": pa.int64(),
        "sequence": pa.int64(),
    }
    nullable = {"success"}
    names = AuditRecord.__dataclass_fields__
    return pa.schema([pa.field(name, kinds.get(name, pa.string()), nullable=name in nullable) for name in names])


def compact(folder: Path, disk: Disk) -> list[Path]:
    """Turn every journal whose writer has left it into a part of its day's shard; return the new parts.

    Killed at any step, it leaves the journal, or the whole part, or both.

    Raises:
        AuditReadError: pyarrow is missing.
        AuditWriteError: The disk failed; the journals are still there.
    """
    made = []
    for path in journals(folder):
        try:
            part = _compact_one(folder, path, disk)
        except OSError as error:
            raise AuditWriteError(f"{path.name} could not be compacted, and is still there: {error}") from error
        if part is not None:
            made.append(part)
    return made


def _compact_one(folder: Path, path: Path, disk: Disk) -> Path | None:
    with contextlib.ExitStack() as stack:
        try:
            held = stack.enter_context(path.open("rb"))
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(held.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return None
        records, torn = read_journal(path)
        part = None
        if records:
            day, writer, _, _ = path.name.split(".")
            shard = folder / day
            disk.make_folder(shard)
            part = shard / f"{writer}.{records[0].sequence:012d}-{records[-1].sequence:012d}{SUFFIX}"
            _write_part(records, part, disk)
        if torn:
            # Nobody was told that it was written; it is kept for those who want to look.
            disk.replace(path, path.with_suffix(".torn"))
        else:
            disk.remove(path)
        disk.sync_folder(path.parent)
    return part


def _write_part(records: list[AuditRecord], part: Path, disk: Disk) -> None:
    pa, pq = _arrow()
    table = pa.Table.from_pylist([{**record.as_row()} for record in records], schema=schema())
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    fresh = part.with_suffix(f".{os.getpid()}.fresh")
    disk.remove(fresh)
    descriptor = disk.create(fresh)
    try:
        disk.write(descriptor, sink.getvalue().to_pybytes())
        disk.sync(descriptor)
    finally:
        os.close(descriptor)
    disk.replace(fresh, part)
    disk.sync_folder(part.parent)


@final
class Shards:
    """The shards of one audit folder, for reading."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def days(self) -> list[date]:
        """Return the days that have a shard, in order."""
        found = []
        for path in sorted(self._folder.glob("????-??-??")):
            with contextlib.suppress(ValueError):
                found.append(date.fromisoformat(path.name))
        return found

    def parts(self, day: date) -> list[Path]:
        """Return the parts of one day's shard, in order."""
        return sorted((self._folder / day.isoformat()).glob(f"*{SUFFIX}"))

    def records(self, job_id: str | None, start: datetime | None, end: datetime | None) -> Iterator[AuditRecord]:
        """Yield the records of a job (None: all) from `start` until before `end`.

        Days outside the range are not opened; within a day, row groups that cannot hold the job are skipped.

        Raises:
            AuditReadError: pyarrow is missing, or a part is damaged.
        """
        for day in self.days():
            if (start and day < start.astimezone(UTC).date()) or (end and day > end.astimezone(UTC).date()):
                continue
            for part in self.parts(day):
                yield from read_part(part, job_id)


def read_part(part: Path, job_id: str | None = None) -> list[AuditRecord]:
    """Return the records of one part, of one job or of all.

    Raises:
        AuditReadError: pyarrow is missing, or the part is damaged.
    """
    _, pq = _arrow()
    filters = None if job_id is None else [("job_id", "=", job_id)]
    try:
        rows = pq.read_table(part, schema=schema(), filters=filters, partitioning=None).to_pylist()
        return [record_of_row(row) for row in rows]
    except FileNotFoundError:
        return []
    except Exception as error:
        raise AuditReadError(f"{part.parent.name}/{part.name} is damaged: {error}") from error
