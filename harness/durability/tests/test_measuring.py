"""Cells on real servers: losses are seen, wrong validators are caught, and a crash that was none shows nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from harness.durability import crashes
from harness.durability.lattice import crashes_of
from harness.durability.running import LatticeRun
from harness.redis_server.choice import EmbeddedChoice, parse_choice
from harness.redis_server.replication_link import ReplicationLink
from harness.redis_server.server import RedisServer
from verify.durability.cell import Append, Configuration, Confirm, Crash, Level, Save, Word, read_cells
from verify.durability.matrix import judge_lattice
from verify.history.events import from_object
from verify.history.judge import StoredHistory, judge_exploration
from verify.history.words import Verdict
from verify.run_layout import CELLS, HISTORY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.durability.measuring import Validate
    from verify.history.events import Event
    from verify.history.judgement import Judgement

FORGETFUL = Configuration(append=Append.OFF)
SOUND = Configuration(append=Append.ALWAYS)


def always(level: Level) -> Validate:
    """Return a validator that says the same of every server."""

    def validate(url: str, *, durable: bool, wait_replicas: int) -> Word:
        return Word(level=level)

    return validate


def measured(
    folder: Path, *cells: tuple[Configuration, Crash], level: Level = Level.OK
) -> tuple[Judgement, list[dict[str, Any]]]:
    """Measure *cells* and judge what was left in *folder*; return the judgement and the rows of the report."""
    choice = parse_choice("embedded")
    assert isinstance(choice, EmbeddedChoice)
    run = LatticeRun(name="durability, reference", cells=cells, choice=choice, seed=1, validate=always(level))
    record = run.into(folder)
    histories: dict[int, list[Event]] = {}
    for line in (folder / HISTORY).read_text("utf-8").splitlines():
        stored = json.loads(line)
        histories.setdefault(stored["history"], []).append(from_object(stored))
    kept = [StoredHistory(id=number, events=events, schedule="cell: ") for number, events in histories.items()]
    judgement, section = judge_lattice(
        judge_exploration(record, kept, lambda _line: ""),
        read_cells(json.loads((folder / CELLS).read_text("utf-8"))),
        histories,
    )
    return judgement, section["cells"]


def every(configuration: Configuration) -> list[tuple[Configuration, Crash]]:
    """Return the cells of one configuration."""
    return [(configuration, crash) for crash in crashes_of(configuration)]


@pytest.mark.parametrize(
    ("level", "configuration"),
    [(Level.OK, FORGETFUL), (Level.WARNING, FORGETFUL), (Level.WARNING, SOUND), (Level.CRITICAL, SOUND)],
)
def test_validator_that_always_says_the_same_is_caught(
    tmp_path: Path, level: Level, configuration: Configuration
) -> None:
    """It is silent where a killed server forgets, or cries wolf where nothing is lost."""
    judgement, _ = measured(tmp_path, *every(configuration), level=level)
    assert judgement.verdict is Verdict.INVALID
    assert all(configuration.name in one.sentence for one in judgement.findings if one.decides)


def test_sound_configuration_that_is_called_ok_is_valid(tmp_path: Path) -> None:
    """Appendfsync always keeps all that it acknowledged, under a kill and under a power loss."""
    judgement, rows = measured(tmp_path, *every(SOUND))
    assert judgement.verdict is Verdict.VALID, judgement.reasons or judgement.findings
    assert [(row["kept"], row["acknowledged"], row["done"]) for row in rows] == [(8, 8, 8)] * 2


WHAT_IS_KEPT = {
    "nothing without a file": (FORGETFUL, Crash.PROCESS_KILL, 0),
    "the snapshot alone": (Configuration(append=Append.OFF, save=Save.POINTS), Crash.PROCESS_KILL, 4),
    "all when a process dies": (Configuration(append=Append.EVERYSEC), Crash.PROCESS_KILL, 8),
    "not the last second of a machine": (Configuration(append=Append.EVERYSEC), Crash.TAIL_CUT, 0),
    "not the last half minute": (Configuration(append=Append.KERNEL), Crash.TAIL_CUT, 0),
    "what WAITAOF confirmed": (Configuration(append=Append.EVERYSEC, confirm=Confirm.FSYNC), Crash.TAIL_CUT, 8),
    "what the replica had": (Configuration(replicas=1), Crash.FAILOVER, 4),
    "what volatile keys are not": (Configuration(policy="volatile-ttl", limited=True), Crash.MEMORY_PRESSURE, 0),
    "all when claims are refused": (Configuration(limited=True), Crash.MEMORY_PRESSURE, 8),
}


@pytest.mark.parametrize(("configuration", "crash", "kept"), WHAT_IS_KEPT.values(), ids=WHAT_IS_KEPT)
def test_server_keeps(tmp_path: Path, configuration: Configuration, crash: Crash, kept: int) -> None:
    """Of eight acknowledged writes, four before the middle, exactly these are there; no effect landed twice."""
    _, (row,) = measured(tmp_path, (configuration, crash))
    assert (row["kept"], row["acknowledged"], row["duplicates"], row["losses"]) == (kept, 8, 0, 0)
    assert row["witness"]


def test_unconfirmed_write_does_not_count(tmp_path: Path) -> None:
    """A guard that waits for the replica is refused while the replica hears nothing, and loses nothing."""
    waiting = Configuration(append=Append.OFF, replicas=1, confirm=Confirm.ONE_REPLICA)
    _, (row,) = measured(tmp_path, (waiting, Crash.FAILOVER))
    assert (row["kept"], row["acknowledged"], row["done"]) == (4, 4, 4)


def test_a_write_that_is_lost_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One key that is gone after the crash makes an OK wrong."""
    kill: Callable[..., str] = crashes.CRASHES[Crash.PROCESS_KILL]

    def kill_and_lose_one(deployment: Any, *others: Any) -> str:
        witness = kill(deployment, *others)
        with deployment.survivor.client() as client:
            client.delete("plain:1:0:0")
        return witness

    monkeypatch.setitem(crashes.CRASHES, Crash.PROCESS_KILL, kill_and_lose_one)
    judgement, (row,) = measured(tmp_path, (SOUND, Crash.PROCESS_KILL))
    assert judgement.verdict is Verdict.INVALID
    assert (row["fate"], row["kept"]) == ("lost", 7)


@pytest.mark.parametrize("crash", list(Crash))
def test_crash_that_does_nothing_shows_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crash: Crash) -> None:
    """Without what makes it a crash the cell is UNKNOWN, whatever the server kept."""
    monkeypatch.setattr(RedisServer, "kill", lambda _server: None)
    monkeypatch.setattr(RedisServer, "restart", lambda _server: None)
    monkeypatch.setattr(ReplicationLink, "promote", lambda _link: None)
    monkeypatch.setattr(crashes, "_CHUNKS", 0)
    configuration = Configuration(replicas=crash is Crash.FAILOVER, limited=crash is Crash.MEMORY_PRESSURE)
    judgement, (row,) = measured(tmp_path, (configuration, crash))
    assert judgement.verdict is Verdict.UNKNOWN
    assert (row["witness"], row["fate"]) == ("", "unknown")
