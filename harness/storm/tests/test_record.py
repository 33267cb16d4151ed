"""A storm that shows nothing says so: Locust's own success is none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from harness.redis_server.choice import parse_choice
from harness.redis_server.identity import ServerIdentity
from harness.storm.asked import Asked, Happened
from harness.storm.gang import Ended
from harness.storm.merging import Merged
from harness.storm.record import leave_record
from harness.storm.survey import Left
from harness.subjects.loading import load_subject
from verify.run_layout import STORM, STORM_FIGURES

if TYPE_CHECKING:
    from pathlib import Path

    from verify.history.record import ExplorationRecord


def _record(folder: Path, *, operations: int = 10, lost: tuple[Ended, ...] = (), torn: int = 0) -> ExplorationRecord:
    asked = Asked(
        subject=load_subject("reference"),
        choice=parse_choice("embedded", allow_target=[]),
        seed=7,
        users=3,
        seconds=4,
        processes=2,
    )
    happened = Happened(asked, left=Left(operations=operations), lost=list(lost), merged=Merged(buckets=2, torn=torn))
    return leave_record(folder, happened, ServerIdentity("valkey", "9.1.2", "ab" * 32, "run"))


def test_a_storm_that_was_made_to_its_end_has_no_reason(run_folder: Path) -> None:
    """Its record has the seed, what was asked for and so many histories as there are pieces."""
    record = _record(run_folder)
    assert (record.tier, record.exhausted, record.reason, record.seed) == (STORM, True, "", 7)
    assert (record.classes, record.schedules, record.bound.workers, record.requires_overlap) == (2, 2, 2, True)
    assert "3 users in 2 worker processes for 4 s; a claim is 2 s" in record.notes
    assert json.loads((run_folder / STORM_FIGURES).read_text("utf-8"))["operations"] == 10


def test_a_storm_in_which_nothing_was_called_shows_nothing(run_folder: Path) -> None:
    """Locust ends with success all the same."""
    record = _record(run_folder, operations=0)
    assert (record.exhausted, record.reason) == (False, "the users of the storm called the guard not once")


def test_a_worker_process_that_broke_off_is_a_reason_and_a_killed_one_a_note(run_folder: Path) -> None:
    """What a process wrote before a signal is whole; what one that ended itself did not write nobody knows."""
    record = _record(run_folder, lost=(Ended(1, 5, 70, "Traceback"), Ended(2, 5, -9, "")))
    assert record.reason == "worker process w1 ended by itself, with status 70: Traceback"
    assert any("w2 was ended by signal SIGKILL" in note for note in record.notes)


def test_a_record_that_was_cut_off_is_a_reason(run_folder: Path) -> None:
    """Nobody knows what stood there."""
    assert _record(run_folder, torn=2).reason == "2 lines of the record were cut off"
