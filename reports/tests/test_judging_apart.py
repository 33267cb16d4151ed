"""Several processes judge a long row of histories as one does, and one that dies never makes it VALID."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from reports import judging_apart
from reports.schedule_index import ScheduleIndex
from reports.stored_history import HistoryReader
from reports.stored_run import judge_run
from reports.tests.run_folders import (
    SOUND_LINE,
    TWICE_LINE,
    record,
    sound_history,
    twice_history,
    write_part,
    write_run,
)
from verify.history.events import Event, Fault
from verify.run_layout import EXPLORED, HISTORY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HISTORIES = 60
BAD = (11, 12, 31)
SEVERAL = 5
"""Histories of one block, about."""

Started = list["subprocess.Popen[bytes]"]


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    """Give a run in which a few of many histories are bad."""
    struck: list[Event] = [*sound_history(), Fault(kind="effect_reply_lost", witness="")]
    told = [
        (TWICE_LINE, twice_history())
        if number in BAD
        else (SOUND_LINE, struck if number % 9 == 0 else sound_history())
        for number in range(1, HISTORIES + 1)
    ]
    write_part(tmp_path, record(schedules=HISTORIES, classes=HISTORIES), told)
    write_run(tmp_path)
    return tmp_path


@pytest.fixture(name="started")
def _started(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Iterator[Started]:
    """Let two processes judge what one would, and give those that were started; in the end none is left."""
    started: Started = []
    start = subprocess.Popen

    def starting(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        started.append(start(*arguments, **options))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", starting)
    monkeypatch.setattr(judging_apart, "cores", lambda: 2)
    monkeypatch.setattr(judging_apart, "LONG", 1)
    monkeypatch.setattr(judging_apart, "BLOCK", SEVERAL * (folder / HISTORY).stat().st_size // HISTORIES)
    yield started
    assert all(process.returncode is not None for process in started)


def alone(folder: Path) -> dict[str, Any]:
    """Return what one process says of a run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judging_apart, "cores", lambda: 1)
        return judge_run(folder)


def _not_json(lines: list[bytes]) -> list[bytes]:
    return [*lines[:100], lines[100][:-9] + b"\n", *lines[101:]]


def _unknown_field(lines: list[bytes]) -> list[bytes]:
    return [*lines[:-3], lines[-3][:-2] + b',"why":"?"}\n', *lines[-2:]]


def _other_spelling(lines: list[bytes]) -> list[bytes]:
    return [json.dumps(json.loads(line)).encode() + b"\n" if at % 2 else line for at, line in enumerate(lines)]


def _nameless(lines: list[bytes]) -> list[bytes]:
    return [*lines[:200], b"[]\n", *lines[200:]]


def _nameless_first(lines: list[bytes]) -> list[bytes]:
    return [b'{"event":"died","process":"w0"}\n', *lines]


def _in_two_places(lines: list[bytes]) -> list[bytes]:
    return [*lines, lines[0]]


def _really_of_the_one_before(lines: list[bytes]) -> list[bytes]:
    """The line names two histories, of which the second one counts."""
    at = next(at for at, line in enumerate(lines) if line.startswith(b'{"history":20,'))
    return [*lines[:at], lines[at][:-2] + b',"history":19}\n', *lines[at + 1 :]]


def _one_alone(lines: list[bytes]) -> list[bytes]:
    return [line for line in lines if line.startswith(b'{"history":31,')]


def _as_it_is(lines: list[bytes]) -> list[bytes]:
    return lines


@pytest.mark.parametrize(
    "damage",
    [
        _as_it_is,
        _not_json,
        _unknown_field,
        _other_spelling,
        _nameless,
        _nameless_first,
        _in_two_places,
        _really_of_the_one_before,
        _one_alone,
    ],
)
def test_several_processes_say_what_one_says(
    folder: Path, started: Started, damage: Callable[[list[bytes]], list[bytes]]
) -> None:
    """The whole verdict, to the byte: findings, their order, reasons with the numbers of lines, digests."""
    lines = (folder / HISTORY).read_bytes().splitlines(keepends=True)
    (folder / HISTORY).write_bytes(b"".join(damage(lines)))
    verdict = judge_run(folder)
    assert len(started) == 2
    assert verdict == alone(folder)
    assert verdict["verdict"] == "INVALID"
    assert len(started) == 2


@pytest.mark.usefixtures("started")
def test_schedules_that_do_not_fit_are_told_in_the_order_of_the_histories(folder: Path) -> None:
    """Those of histories that are not stored, and histories without one."""
    explored = (folder / EXPLORED).read_text("utf-8").splitlines(keepends=True)
    (folder / EXPLORED).write_text("".join([*explored[3:], f"99\t0\t{SOUND_LINE}\n"]), encoding="utf-8")
    verdict = judge_run(folder)
    assert verdict == alone(folder)
    assert [reason for reason in verdict["reasons"] if "gave history" in reason or "names history" in reason] == [
        *(f"no schedule of {EXPLORED} gave history {number}" for number in (1, 2, 3)),
        f"{EXPLORED} names history 99, which is not stored",
    ]


def test_blocks_are_whole_histories(folder: Path) -> None:
    """Together they are the file; none but the last has more than was asked for and the history that it ended in."""
    reader = HistoryReader(folder, ScheduleIndex(folder))
    size = SEVERAL * (folder / HISTORY).stat().st_size // HISTORIES
    blocks = list(judging_apart._blocks(reader, size))
    assert b"".join(text[:held] for _, text, held in blocks) == (folder / HISTORY).read_bytes()
    assert len(blocks) >= HISTORIES // SEVERAL
    lines = 1
    seen: set[int] = set()
    for first, text, held in blocks:
        assert first == lines
        lines += text[:held].count(b"\n")
        numbers = {json.loads(line)["history"] for line in text[:held].splitlines()}
        assert not numbers & seen
        seen |= numbers
    list(reader)
    assert reader.sha256 == judge_run(folder)["evidence"][HISTORY]


def test_a_process_that_cannot_start_leaves_it_open(
    folder: Path, started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was not judged is said to be, and nothing is said of what was not seen."""
    monkeypatch.setattr(sys, "executable", "/bin/false")
    verdict = judge_run(folder)
    assert verdict["verdict"] == "UNKNOWN"
    assert [reason for reason in verdict["reasons"] if "were not judged" in reason]
    assert not [reason for reason in verdict["reasons"] if "stored" in reason]
    assert verdict["evidence"][HISTORY] == alone(folder)["evidence"][HISTORY]
    assert started


@pytest.mark.parametrize(("after", "expected"), [(1, "UNKNOWN"), (9, "INVALID")])
def test_a_process_that_dies_never_makes_it_valid(
    folder: Path, started: Started, after: int, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was found before stays found: of two blocks with bad histories one at least was judged by the ninth."""
    cut = judging_apart._blocks

    def killing(*asked: Any) -> Iterator[tuple[int, bytes, int]]:
        for number, block in enumerate(cut(*asked)):
            if number == after:
                for process in started:
                    process.kill()
                    process.wait()
            yield block

    monkeypatch.setattr(judging_apart, "_blocks", killing)
    verdict = judge_run(folder)
    assert verdict["verdict"] == expected
    assert [reason for reason in verdict["reasons"] if "ended with -9" in reason]


def test_an_interrupted_judgement_leaves_no_process(
    folder: Path, started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while they judge."""

    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(judging_apart, "_take_in", interrupted)
    with pytest.raises(KeyboardInterrupt):
        judge_run(folder)
    assert len(started) == 2


def test_a_short_row_of_histories_starts_no_process(
    folder: Path, started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is judged before they would have started."""
    monkeypatch.setattr(judging_apart, "LONG", (folder / HISTORY).stat().st_size + 1)
    assert judge_run(folder)["verdict"] == "INVALID"
    assert not started
