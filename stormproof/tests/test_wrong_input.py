"""Wrong input gets one line that says what was expected, exit code 2 (3 for what cannot be run here), no trace."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from harness.subjects.peers.peer import Peer
from stormproof.listing import list_subjects
from stormproof.tests.running import run

if TYPE_CHECKING:
    from pathlib import Path

EXPLORE = ("explore", "--subject", "reference")

WRONG = {
    "no-command-of-that-name": (("frobnicate",), 2, "frobnicate"),
    "no-subject": (("explore",), 2, "--subject"),
    "unknown-subject": (("explore", "--subject", "nope"), 2, "stormproof subjects"),
    "missing-subject-file": (("explore", "--subject", "no/such.py:make"), 2, "cannot read no/such.py"),
    "missing-subject-module": (("explore", "--subject", "no_such_module:make"), 2, "no Python module"),
    "missing-attribute": (("explore", "--subject", "harness.seed:make"), 2, "has no 'make'; it has:"),
    "no-factory": (("explore", "--subject", "harness.seed:__doc__"), 2, "not a factory"),
    "no-workers": ((*EXPLORE, "--workers", "0"), 2, "from 1 to 8"),
    "workers-no-number": ((*EXPLORE, "--workers", "two"), 2, "integer"),
    "too-many-faults": ((*EXPLORE, "--faults", "3"), 2, "from 0 to 2"),
    "unknown-kind": ((*EXPLORE, "--kinds", "meteor"), 2, "request_lost"),
    "no-kinds": ((*EXPLORE, "--kinds", ","), 2, "names no fault kind"),
    "unknown-promise": ((*EXPLORE, "--promise", "always"), 2, "at_most_once"),
    "unknown-gate": ((*EXPLORE, "--gate", "airlock"), 2, "auto, greenlet, proxy"),
    "subject-for-another-gate": (
        ("explore", "--subject", "peer.redis_lock_async", "--gate", "greenlet"),
        3,
        "its guard is asynchronous",
    ),
    "subject-and-command": ((*EXPLORE, "--command", "node guard.js"), 2, "leave out --subject"),
    "command-of-nothing": (("explore", "--command", " "), 2, "names no program"),
    "command-with-an-open-quote": (("explore", "--command", "node 'guard.js"), 2, "No closing quotation"),
    "command-that-is-not-there": (("explore", "--command", "no/such/program"), 2, "cannot run no/such/program"),
    "command-that-ends": (("explore", "--command", f"{sys.executable} -c pass"), 2, "ended by itself"),
    "command-that-says-something-else": (
        ("explore", "--command", f"{sys.executable} -c 'print(\"hello\")'"),
        2,
        "'hello'",
    ),
    "command-in-the-greenlet-gate": (("explore", "--command", "true", "--gate", "greenlet"), 2, "leave out --gate"),
    "python-and-command": (("explore", "--command", "true", "--python", "python3"), 2, "expected one"),
    "python-that-is-not-there": ((*EXPLORE, "--python", "no/such/python"), 2, "leave out --python"),
    "python-for-a-file": (("explore", "--subject", "a.py:make", "--python", "no/such/python"), 2, "no/such/python"),
    "redis-with-tls": (
        (*EXPLORE, "--redis", "rediss://127.0.0.1:1", "--allow-target", "127.0.0.1:1"),
        2,
        "without TLS",
    ),
    "unknown-drawing-profile": (("properties", "--profile", "weekly"), 2, "ci, dev, nightly"),
    "minutes-without-a-night": (("properties", "--minutes", "5"), 2, "--profile nightly"),
    "night-of-no-minutes": (("properties", "--profile", "nightly", "--minutes", "0"), 2, "more than 0"),
    "chaos-seed-too-small": (("properties", "--chaos-seed", "-1"), 2, "from 0 to 4294967295"),
    "unknown-subject-to-draw": (("properties", "--subject", "nope"), 2, "stormproof subjects"),
    "unknown-kind-to-draw": (("properties", "--kinds", "meteor"), 2, "request_lost"),
    "budget-of-nothing": ((*EXPLORE, "--budget", "0"), 2, "more than 0"),
    "seed-too-large": ((*EXPLORE, "--seed", "4294967296"), 2, "from 0 to 4294967295"),
    "unknown-redis": ((*EXPLORE, "--redis", "somewhere"), 2, "embedded:6.2"),
    "external-without-permission": ((*EXPLORE, "--redis", "redis://127.0.0.1:1"), 2, "--allow-target 127.0.0.1:1"),
    "dead-redis": (
        (*EXPLORE, "--redis", "redis://127.0.0.1:1", "--allow-target", "127.0.0.1:1"),
        3,
        "Connection refused",
    ),
    "unknown-profile": (("campaign", "--profile", "brutal"), 2, "smoke, standard, full"),
    "unknown-tier": (("campaign", "--tier", "storm"), 2, "instrument, explore, properties, scenarios, durability"),
    "limit-of-no-form": (("campaign", "--abort-when", "slow"), 2, "PROBE>FIGURE"),
    "limit-of-no-probe": (("campaign", "--abort-when", "load>3"), 2, "there is no probe load"),
    "unknown-toxiproxy": (("campaign", "--toxiproxy", "somewhere"), 2, "--toxiproxy 'somewhere'"),
    "experiment-and-tier": (
        ("campaign", "--from-experiment", "a.json", "--tier", "scenarios"),
        2,
        "leave out --tier and --only",
    ),
    "experiment-of-no-form": (("campaign", "--from-experiment", "a.txt"), 2, "ends in .json, .yaml or .yml"),
    "unknown-part": (("campaign", "--only", "apocalypse"), 2, "kill_redis"),
    "missing-schedule": (("replay", "gone.json"), 2, "cannot read the schedule"),
    "missing-run": (("judge", "gone"), 2, "no run folder gone"),
}


@pytest.mark.in_turn(0, 3)
@pytest.mark.parametrize("case", WRONG)
def test_wrong_input_is_answered_with_one_line(case: str, tmp_path: Path) -> None:
    """One line on standard error names what was expected; nothing is left behind."""
    words, code, expected = WRONG[case]
    said = run(tmp_path, *words)
    assert said.code == code
    assert said.out == ""
    assert said.err.startswith("stormproof: ")
    assert said.err.count("\n") == 1
    assert expected in said.err
    assert list(tmp_path.iterdir()) == []


def test_a_schedule_cut_in_half_is_refused(tmp_path: Path) -> None:
    """A schedule file that ends in the middle is no schedule."""
    (tmp_path / "half.json").write_text('{"schema": 1, "subject": "reference", "decisions": ["w0", "w', "utf-8")
    said = run(tmp_path, "replay", "half.json")
    assert said.code == 2
    assert "cut off" in said.err


def test_an_earlier_run_is_never_overwritten(tmp_path: Path) -> None:
    """A folder that holds something is refused as --out, and stays as it was."""
    kept = tmp_path / "mine" / "notes.txt"
    kept.parent.mkdir()
    kept.write_text("precious", "utf-8")
    said = run(tmp_path, "explore", "--subject", "reference", "--out", "mine")
    assert said.code == 2
    assert kept.read_text("utf-8") == "precious"
    assert list(kept.parent.iterdir()) == [kept]


def test_a_subject_that_raises_at_import_is_named(tmp_path: Path) -> None:
    """The user's own error is in the line."""
    (tmp_path / "bad.py").write_text("raise RuntimeError('out of cheese')\n", "utf-8")
    said = run(tmp_path, "explore", "--subject", "bad.py:make")
    assert said.code == 2
    assert "out of cheese" in said.err
    assert said.err.count("\n") == 1


def test_a_subject_without_its_package_is_answered_with_what_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A third-party guard whose package is missing is listed, and asking for it names the command."""
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "boto3.py").write_text("raise ImportError('No module named boto3')\n", "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(hidden))
    said = run(tmp_path, "explore", "--subject", "peer.powertools")
    assert said.code == 2
    assert "pip install 'stormproof[peers]'" in said.err
    assert said.err.count("\n") == 1
    listed = run(tmp_path, "subjects")
    assert listed.code == 0
    assert "peer.powertools " in listed.out


def test_a_listed_subject_says_that_its_package_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The list is whole without any third-party package, and says what is missing."""
    monkeypatch.setattr(Peer, "is_installed", False)
    list_subjects(as_json=False)
    (line,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("peer.powertools "))
    assert line.endswith("(not installed: pip install 'stormproof[peers]')")
