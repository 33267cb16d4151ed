"""P15 to P17: the bytes of the retry audit, as it writes them and after they became parquet."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.figures.measured import Case, case_of
from safety_core.job_safety.retry_audit import RetryAudit
from safety_core.job_safety.retry_audit.disk import Disk
from safety_core.job_safety.retry_audit.journal import journals
from safety_core.job_safety.retry_audit.shards import SUFFIX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.rows import Effort

_RETRIES, _DAYS = 1_000, 30
_RECORD_BYTES, _DAY_KB, _MONTH_MB, _COMPRESSION = 500.0, 500.0, 15.0, 5.0
_BUFFERS = (100, 1_000_000)
_FAILURES = ("timeout", "connection_refused", "http_503", "rate_limit")


class UnsyncedDisk(Disk):
    """A disk that may forget at a power loss: for filling an audit that is only weighed."""

    def sync(self, descriptor: int) -> None:
        """Wait for nothing."""

    def sync_folder(self, path: Path) -> None:
        """Wait for nothing."""


def record_bytes(effort: Effort) -> list[Case]:
    """P15: each record of retries, intent and outcome."""
    with _told(effort.scaled(_RETRIES), buffer_size=_BUFFERS[1]) as (folder, audit):
        lines = [len(line) for path in journals(folder) for line in path.read_bytes().splitlines(keepends=True)]
        audit.flush()
        parquet = _parquet_bytes(folder) / len(lines)
    return [
        case_of("a record in the journal, a line of JSON", "bytes", lines, limit=_RECORD_BYTES),
        case_of("a record in parquet", "bytes", [parquet], limit=_RECORD_BYTES),
    ]


def day(effort: Effort) -> list[Case]:
    """P16: a day of 1,000 retries, and a month of such days."""
    retries = effort.scaled(_RETRIES)
    share = retries / _RETRIES
    with _told(retries, buffer_size=_BUFFERS[0]) as (folder, audit):
        journal = _journal_bytes(folder)
        audit.flush()
        parquet = _parquet_bytes(folder)
    cases = []
    for where, size in (("as written", journal), ("as parquet", parquet)):
        kb = size / 1e3
        cases += [
            case_of(f"{retries:,} retries {where}", "KB", [kb], limit=_DAY_KB * share),
            case_of(f"{_DAYS} such days {where}", "MB", [kb * _DAYS / 1e3], limit=_MONTH_MB * share),
        ]
    return cases


def compression(effort: Effort) -> list[Case]:
    """P17: how many times smaller parquet is, by how much goes into one file."""
    cases = []
    for buffer_size, into in zip(_BUFFERS, ("100 records a file, as is usual", "all in one file"), strict=True):
        with _told(effort.scaled(_RETRIES), buffer_size=buffer_size) as (folder, audit):
            journal = _journal_bytes(folder)
            audit.flush()
            ratio = journal / _parquet_bytes(folder)
        cases.append(case_of(f"journal to parquet, {into}", "times", [ratio], limit=_COMPRESSION, at_least=True))
    return cases


@contextmanager
def _told(retries: int, *, buffer_size: int) -> Iterator[tuple[Path, RetryAudit]]:
    """Have an audit that was told of so many retries."""
    with (
        tempfile.TemporaryDirectory() as folder,
        RetryAudit(folder, buffer_size=buffer_size, disk=UnsyncedDisk()) as audit,
    ):
        for number in range(retries):
            act = audit.begin(
                job_id=f"6f1ed002-ab55-4859-8140-{number:012d}",
                user_or_system="system",
                retry_reason="worker asked for another attempt",
                attempt_number=1 + number % 3,
                failure_type=_FAILURES[number % len(_FAILURES)],
            )
            act.succeeded()
        yield Path(folder), audit


def _journal_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in journals(folder))


def _parquet_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob(f"*{SUFFIX}"))
