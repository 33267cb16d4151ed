"""Runs side by side: in order, with what differs, and with what may never be: two verdicts of the same thing."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from reports.stored_run import StoredRunError, write_verdict
from reports.tests.run_folders import invalid_run, record, unknown_run, valid_run
from reports.trend import differences, flaky, is_worse, run_at, runs_in
from reports.trend_text import trend_table
from verify.run_layout import ENVIRONMENT, RECORD

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CODE = {"stormproof": "00" * 32}


def _run(build: Callable[[Path], Path], folder: Path, name: str, **environment: Any) -> Path:
    path = folder / name
    path.mkdir()
    build(path)
    stored = json.loads((path / ENVIRONMENT).read_bytes())
    (path / ENVIRONMENT).write_text(json.dumps(stored | {"code": CODE} | environment), encoding="utf-8")
    write_verdict(path)
    return path


def test_runs_come_in_the_order_of_their_time(tmp_path: Path) -> None:
    """Not in that of their names; each with its figures."""
    _run(valid_run, tmp_path, "a", started="2026-11-24T10:00:00Z", ended="2026-11-24T10:00:10Z")
    _run(invalid_run, tmp_path, "b")
    runs, unread = runs_in(tmp_path)
    assert [(run.name, run.verdict.value, run.schedules, run.findings) for run in runs] == [
        ("b", "INVALID", 2, 1),
        ("a", "VALID", 1, 0),
    ]
    assert runs[1].rate == pytest.approx(0.1)
    assert unread == []


def test_a_run_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """It is not passed over, and the others are shown."""
    _run(valid_run, tmp_path, "good")
    (tmp_path / "bad").mkdir()
    valid_run(tmp_path / "bad")
    runs, (unread,) = runs_in(tmp_path)
    assert [run.name for run in runs] == ["good"]
    assert "bad" in unread


def test_a_folder_without_runs_is_refused(tmp_path: Path) -> None:
    """So is one that is not there."""
    with pytest.raises(StoredRunError, match="holds no run folder"):
        runs_in(tmp_path)
    with pytest.raises(StoredRunError, match="there is no folder"):
        runs_in(tmp_path / "nowhere")


def _same_bound(folder: Path) -> Path:
    """Write the sound run within the bound of the unsound one, so that the verdict alone differs."""
    valid_run(folder)
    (folder / RECORD).write_text(json.dumps(record().to_object()), encoding="utf-8")
    return folder


def test_two_verdicts_under_the_same_circumstances_are_flaky(tmp_path: Path) -> None:
    """The same code, subject, bound and server: the part is named with both runs."""
    _run(_same_bound, tmp_path, "a")
    _run(invalid_run, tmp_path, "b")
    (found,) = flaky(runs_in(tmp_path)[0])
    assert found.said == ("explore shop is flaky: under the same circumstances it was VALID in a, INVALID in b")


@pytest.mark.parametrize(
    "other",
    [
        {"code": {"stormproof": "11" * 32}},
        {"packages": {"redis": "9"}},
        {"python": "3.13.0"},
        {"code": {}, "git": {"commit": "abc", "dirty": True}},
    ],
)
def test_other_circumstances_are_no_flake(other: dict[str, Any], tmp_path: Path) -> None:
    """Other code, packages or Python may give another verdict; and what is not known is not compared."""
    _run(_same_bound, tmp_path, "a")
    _run(invalid_run, tmp_path, "b", **other)
    assert list(flaky(runs_in(tmp_path)[0])) == []


def test_a_run_that_was_ended_early_is_no_flake(tmp_path: Path) -> None:
    """A spent budget says nothing of the subject."""
    _run(_same_bound, tmp_path, "a")
    _run(unknown_run, tmp_path, "b")
    assert list(flaky(runs_in(tmp_path)[0])) == []


def test_what_differs_between_two_runs_is_said(tmp_path: Path) -> None:
    """Verdicts, findings, schedules; worse is what held and holds no more."""
    old, new = run_at(_run(valid_run, tmp_path, "a")), run_at(_run(invalid_run, tmp_path, "b"))
    said = list(differences(old, new))
    assert said[0] == "the run was VALID and is INVALID"
    assert "explore shop: new finding: at_most_once under effect_reply_lost" in said
    assert "explore shop: schedules 1 -> 2" in said
    assert is_worse(old, new)
    assert not is_worse(new, old)
    assert "explore shop: gone: at_most_once under effect_reply_lost" in list(differences(new, old))
    assert list(differences(old, old)) == []


def test_a_part_that_is_gone_is_worse(tmp_path: Path) -> None:
    """Unrun is never passed."""
    old = run_at(_run(valid_run, tmp_path, "a"))
    new = run_at(_run(invalid_run, tmp_path, "b"))
    held = {"explore shop": old.parts["explore shop"]}
    assert is_worse(old, type(new)(**{**_fields(new), "parts": {}}))
    assert not is_worse(old, type(new)(**{**_fields(new), "parts": held}))


def _fields(run: Any) -> dict[str, Any]:
    return {name: getattr(run, name) for name in ("name", "kind", "started", "seconds", "verdict", "parts")}


def test_the_table_fits_a_terminal(tmp_path: Path) -> None:
    """One line a run on eighty columns."""
    _run(valid_run, tmp_path, "20261123-100000-00000007")
    console = Console(file=io.StringIO(), width=80)
    console.print(trend_table(runs_in(tmp_path)[0]))
    assert isinstance(console.file, io.StringIO)
    head, line = console.file.getvalue().splitlines()
    assert head.split()[:3] == ["started", "run", "verdict"]
    assert line.startswith("2026-11-23 10:00 20261123-100000-00000007 VALID")
