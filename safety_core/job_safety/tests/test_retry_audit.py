"""The audit on a real disk: columns, shards, queries, gaps, retention, and no act without it."""

from __future__ import annotations

import asyncio
import importlib
import os
import subprocess
import sys
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from safety_core.idempotency import SettingsError, prepare_store
from safety_core.job_safety import Override, RetryPolicy
from safety_core.job_safety.retry_audit import (
    COLUMNS,
    AsyncRetryAudit,
    AuditAction,
    AuditInputError,
    AuditReadError,
    AuditWriteError,
    Phase,
    RetryAudit,
)
from safety_core.job_safety.tests.audits import NOON, WHO, Calendar, FullDisk

if TYPE_CHECKING:
    from pathlib import Path

    from safety_core.tests.servers import Server


def test_shard_has_the_nine_columns_first(audit: RetryAudit) -> None:
    """The schema of the seeds, then what makes gaps visible; one folder for each UTC day."""
    audit.record(job_id="a", **WHO, attempt_number=2, failure_type="timeout", success=True)
    (part,) = audit.flush()
    table = pq.read_table(part, partitioning=None)
    assert table.column_names[:9] == [
        "job_id", "timestamp", "user_or_system", "retry_reason", "attempt_number",
        "failure_type", "dry_run_flag", "success", "error_message",
    ]  # fmt: skip
    assert tuple(table.column_names) == COLUMNS
    assert part.parent.name == "2026-02-07"
    assert str(table.schema.field("timestamp").type) == "timestamp[us, tz=UTC]"


def test_record_is_synced_before_it_is_acknowledged(audit: RetryAudit, monkeypatch: pytest.MonkeyPatch) -> None:
    """One fsync of the file for each record, when its line is in the file."""
    audit.record(job_id="the file is there", **WHO)
    seen: list[bytes] = []
    sync = os.fsync

    def watched(descriptor: int) -> None:
        (path,) = (audit.path / "journal").iterdir()
        seen.append(path.read_bytes().splitlines()[-1])
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    for job in ("a", "b"):
        audit.record(job_id=job, **WHO)
    assert [b'"job_id":"a"' in seen[0], b'"job_id":"b"' in seen[1], len(seen)] == [True, True, 2]


def test_days_are_those_of_utc(audit: RetryAudit, calendar: Calendar) -> None:
    """A record just before midnight and one just after lie in two shards, wherever the machine stands."""
    calendar.now = NOON.replace(hour=23, minute=59, second=58)
    audit.record(job_id="before", **WHO)
    audit.record(job_id="after", **WHO)
    audit.flush()
    assert [path.name for path in sorted(audit.path.glob("2026-*"))] == ["2026-02-07", "2026-02-08"]


def test_query_by_job_and_dates_sees_journals_and_shards(audit: RetryAudit, calendar: Calendar) -> None:
    """What is compacted and what is not is one answer, in the order of time."""
    for number, job in enumerate(("a", "b", "a")):
        calendar.now = NOON + timedelta(days=number)
        audit.record(job_id=job, **WHO, attempt_number=number)
        if number < 2:
            audit.flush()
    assert [each.attempt_number for each in audit.query("a")] == [0, 2]
    assert [each.attempt_number for each in audit.query(start=date(2026, 2, 8), end=date(2026, 2, 9))] == [1, 2]
    assert [each.attempt_number for each in audit.query(end=NOON + timedelta(hours=1))] == [0]
    assert [each.attempt_number for each in audit.query(limit=1)] == [2]


def test_full_buffer_is_handed_over(tmp_path: Path, calendar: Calendar) -> None:
    """After `buffer_size` records any process can compact them, while the writer lives on; before, none can."""
    audit = RetryAudit(tmp_path, buffer_size=3, now=calendar)
    other = RetryAudit(tmp_path)
    for number in range(2):
        audit.record(job_id=str(number), **WHO)
    assert other.compact() == []
    audit.record(job_id="2", **WHO)
    (part,) = other.compact()
    assert pq.read_metadata(part).num_rows == 3
    assert len(audit.query()) == 3


def test_act_is_written_before_and_after(audit: RetryAudit) -> None:
    """The intent stands while the act runs; its outcome names it."""
    with audit.act(job_id="a", **WHO, action=AuditAction.FORCE):
        (intent,) = audit.unfinished()
        assert (intent.phase, intent.success) == (Phase.INTENT, None)
    assert audit.unfinished() == []
    outcome = audit.query()[-1]
    assert (outcome.phase, outcome.success, outcome.intent_sequence) == (Phase.OUTCOME, True, intent.sequence)


def test_failed_act_names_the_type_and_not_the_text(audit: RetryAudit) -> None:
    """An exception's text may hold what must not be stored."""
    with pytest.raises(RuntimeError), audit.act(job_id="a", **WHO):
        raise RuntimeError("api key hunter2")
    assert (audit.query()[-1].success, audit.query()[-1].error_message) == (False, "RuntimeError")


@pytest.mark.parametrize("action", [AuditAction.FORCE, AuditAction.OVERRIDE, AuditAction.MANUAL_CLEAR])
def test_no_audit_no_act(audit: RetryAudit, disk: FullDisk, action: AuditAction) -> None:
    """Where the intent cannot be written, the block does not run."""
    disk.is_full = True
    with pytest.raises(AuditWriteError, match="must not be done"), audit.act(job_id="a", **WHO, action=action):
        pytest.fail("an act was done without its audit")
    assert audit.failures == 1


def test_plain_retry_goes_on_without_audit_and_is_counted(tmp_path: Path, disk: FullDisk) -> None:
    """A full disk does not stop ordinary retries; each missing record is counted and told."""
    told: list[int] = []
    audit = RetryAudit(tmp_path, disk=disk, on_failure=lambda: told.append(1))
    disk.is_full = True
    assert audit.record(job_id="a", **WHO) is None
    with audit.act(job_id="a", **WHO):
        pass
    assert (audit.failures, len(told)) == (3, 3)


def test_failed_write_leaves_no_gap_and_no_half_record(audit: RetryAudit, disk: FullDisk) -> None:
    """The writer that failed is over; what it had acknowledged stays, and another goes on."""
    audit.record(job_id="a", **WHO)
    disk.is_full = True
    audit.record(job_id="lost", **WHO)
    disk.is_full = False
    audit.record(job_id="b", **WHO)
    assert [each.job_id for each in audit.query()] == ["a", "b"]
    verified = audit.verify()
    assert verified.is_complete
    assert len(verified.torn) == 1
    audit.flush()
    assert [each.job_id for each in audit.query()] == ["a", "b"]


def test_missing_and_changed_records_show(audit: RetryAudit) -> None:
    """A line taken out, a field changed: the chain says which."""
    for job in ("a", "b", "c"):
        audit.record(job_id=job, **WHO)
    audit.close()
    (journal,) = (audit.path / "journal").iterdir()
    first, second, third = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(first + third)
    assert "records 2 to 2 are missing" in audit.verify().problems[0]
    journal.write_bytes(first + second.replace(b"alice", b"mallo") + third)
    assert audit.verify().problems[0].endswith("record 2 was changed")


def test_cut_tail_shows_against_a_head_kept_elsewhere(audit: RetryAudit) -> None:
    """A chain that was cut at its end is sound by itself."""
    for job in ("a", "b"):
        audit.record(job_id=job, **WHO)
    heads = audit.verify().heads
    audit.close()
    (journal,) = (audit.path / "journal").iterdir()
    journal.write_bytes(journal.read_bytes().splitlines(keepends=True)[0])
    assert audit.verify().is_complete
    assert "record 2, known from before, is missing" in audit.verify(heads).problems[0]


def test_retention_removes_old_days_is_audited_and_leaves_no_gap(audit: RetryAudit, calendar: Calendar) -> None:
    """What goes is written down with the ends of its chains; without audit nothing goes."""
    audit.record(job_id="old", **WHO)
    audit.flush()
    calendar.now = NOON + timedelta(days=300)
    audit.record(job_id="young", **WHO)
    heads = audit.verify().heads
    audit.flush()
    calendar.now = NOON + timedelta(days=366)
    assert audit.apply_retention(user_or_system="cron") == [date(2026, 2, 7)]
    assert [each.job_id for each in audit.query()] == ["young", "audit", "audit"]
    assert audit.verify(heads).problems == ()


def test_retention_without_audit_removes_nothing(audit: RetryAudit, disk: FullDisk, calendar: Calendar) -> None:
    """No audit, no act."""
    audit.record(job_id="old", **WHO)
    audit.flush()
    calendar.now = NOON + timedelta(days=366)
    disk.is_full = True
    with pytest.raises(AuditWriteError):
        audit.apply_retention()
    assert [each.job_id for each in audit.query()] == ["old"]


def test_statistics_count_operations(audit: RetryAudit) -> None:
    """An intent and its outcome are one operation; refusals carry their reasons."""
    with audit.act(job_id="a", **WHO, failure_type="timeout"):
        pass
    audit.record(job_id="b", **WHO, failure_type="timeout", success=False)
    audit.record(job_id="b", **WHO, block_reason="cooldown", success=False)
    audit.record(job_id="b", **WHO, dry_run_flag=True)
    audit.begin(job_id="c", **WHO)
    counted = audit.statistics()
    assert (counted.total, counted.succeeded, counted.failed, counted.dry_runs) == (4, 1, 1, 1)
    assert (counted.unfinished, counted.success_rate) == (1, 0.5)
    assert counted.by_failure_type == {"timeout": 2}
    assert counted.by_block_reason == {"cooldown": 1}
    assert counted.by_user == {"alice": 4}


def test_forked_child_is_another_writer(audit: RetryAudit) -> None:
    """Parent and child write side by side, each with a chain of its own."""
    program = (
        "import os, sys\n"
        "from safety_core.job_safety.retry_audit import RetryAudit\n"
        "audit = RetryAudit(sys.argv[1])\n"
        "write = lambda job: audit.record(job_id=job, user_or_system='s', retry_reason='r')\n"
        "write('before')\n"
        "child = os.fork()\n"
        "write('child' if child == 0 else 'parent')\n"
        "child and os.waitpid(child, 0)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(audit.path)], check=True)
    writers = {each.job_id: each.writer for each in audit.query()}
    assert writers["before"] == writers["parent"] != writers["child"]
    assert audit.verify().is_complete


@pytest.mark.parametrize(
    "wrong",
    [
        {"job_id": ""},
        {"job_id": "x" * 10_000_000},
        {"job_id": b"a"},
        {"user_or_system": " "},
        {"retry_reason": None},
        {"attempt_number": float("nan")},
        {"attempt_number": -1},
        {"dry_run_flag": "no"},
        {"success": "yes"},
        {"action": "think"},
        {"payload": "secret"},
        {"hash": "0"},
    ],
    ids=str,
)
def test_wrong_column_is_refused_before_anything_is_written(audit: RetryAudit, wrong: dict[str, Any]) -> None:
    """One clear error, and no file."""
    with pytest.raises(AuditInputError):
        audit.record(**{"job_id": "a", **WHO, **wrong})
    assert not audit.path.exists()


def test_texts_that_are_no_unicode_are_kept_as_escapes(audit: RetryAudit) -> None:
    """A lone surrogate stops neither the line nor the shard."""
    audit.record(job_id="\udcff", **WHO, error_message="\ud800" + "x" * 5000)
    audit.flush()
    (held,) = audit.query()
    assert (held.job_id, len(held.error_message)) == ("\\udcff", 2000)


@pytest.mark.parametrize("size", [0, -1, 1.5, True])
def test_buffer_size_out_of_range_is_refused(tmp_path: Path, size: Any) -> None:
    """One clear error."""
    with pytest.raises(SettingsError, match="buffer_size"):
        RetryAudit(tmp_path, buffer_size=size)


def test_damaged_part_is_an_error_and_not_an_empty_answer(audit: RetryAudit) -> None:
    """A part without its footer is never read as "no records"."""
    audit.record(job_id="a", **WHO)
    (part,) = audit.flush()
    part.write_bytes(part.read_bytes()[:-8])
    with pytest.raises(AuditReadError, match="is damaged"):
        audit.query()


def test_without_pyarrow_the_journal_works_and_shards_say_what_is_missing(
    audit: RetryAudit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The extra is needed for shards only."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    importlib.invalidate_caches()
    audit.record(job_id="a", **WHO)
    assert [each.job_id for each in audit.query()] == ["a"]
    with pytest.raises(AuditReadError, match="install the extra `audit`"):
        audit.flush()
    assert [each.job_id for each in audit.query()] == ["a"]


def test_asyncio_writes_the_same(audit: RetryAudit) -> None:
    """By a thread, in the same journal."""

    async def work() -> None:
        wrapped = AsyncRetryAudit(audit)
        await wrapped.record(job_id="a", **WHO)
        async with wrapped.act(job_id="b", **WHO):
            pass

    asyncio.run(work())
    assert [each.job_id for each in audit.query()] == ["a", "b", "b"]
    assert audit.verify().is_complete


def test_policy_takes_decisions_and_overrides_down_here(audit: RetryAudit, disk: FullDisk, server: Server) -> None:
    """A real policy with a real audit: a refusal with its reason, a force before and after, and no force without."""
    prepare_store(server.url)
    policy = RetryPolicy(server.url, audit=audit)
    for _ in range(2):
        policy.acquire("job-1")
    who = Override(actor="alice", reason="the venue is back")
    policy.acquire("job-1", force=who)
    assert [(each.action, each.phase, each.block_reason) for each in audit.query("job-1")] == [
        (AuditAction.RETRY, Phase.DECISION, ""),
        (AuditAction.RETRY, Phase.DECISION, "cooldown"),
        (AuditAction.FORCE, Phase.INTENT, ""),
        (AuditAction.FORCE, Phase.OUTCOME, ""),
    ]
    disk.is_full = True
    with pytest.raises(AuditWriteError, match="must not be done"):
        policy.acquire("job-1", force=who)
    policy.close()
