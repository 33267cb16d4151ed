"""A guard that somebody brings in a file of their own: its harms are found, and replay lines show them again."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

import pytest

from harness.explorer.tests.stranger import STRANGER
from stormproof.tests.running import Said, run

if TYPE_CHECKING:
    from pathlib import Path

    from harness.redis_server.server import RedisServer

NEVER_EXECUTES = """
def make(redis_url, lease_s):
    return lambda key, payload, effect: {"receipt_id": "invented"}
"""

ALWAYS_IN_DOUBT = """
def make(redis_url, lease_s):
    def guard(key, payload, effect):
        raise TimeoutError("who knows")
    return guard

make.classify = lambda error: ("INDETERMINATE", "in_doubt")
"""

POLLS_FOR_EVER = """
import time

def make(redis_url, lease_s):
    def guard(key, payload, effect):
        while True:
            time.sleep(0.1)
    return guard
"""


@pytest.fixture(name="explored", scope="module")
def _explored(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Said]:
    folder = tmp_path_factory.mktemp("stranger")
    (folder / "stranger.py").write_text(STRANGER, "utf-8")
    kinds = ("--kinds", "late_request,effect_reply_lost,crash_after,advance,evict")
    return folder, run(folder, "explore", "--subject", "stranger.py:make", "--json", "--out", "run", *kinds)


def test_each_harm_of_a_stranger_is_found(explored: tuple[Path, Said]) -> None:
    """Ambiguous answer, death after the effect, lease over, and a second caller that is told nothing."""
    _, said = explored
    assert said.code == 1
    verdict = said.object
    assert (verdict["verdict"], verdict["exhausted"]) == ("INVALID", True)
    found = {(finding["checker"], tuple(finding["faults"])) for finding in verdict["findings"]}
    assert ("at_most_once", ("effect_reply_lost",)) in found
    assert ("at_most_once", ("crash_after",)) in found
    assert ("at_most_once", ("advance",)) in found
    assert ("replay_equality", ()) in found
    assert verdict["rate"]["schedules_per_s"] > 0


def test_a_replay_line_shows_its_finding_again(explored: tuple[Path, Said]) -> None:
    """The simplest schedule of each promise that was broken reproduces, pasted as printed."""
    folder, said = explored
    needed = [finding for finding in said.object["findings"] if finding["promised"] and finding["needs_faults"]]
    lines = {finding["checker"]: finding["replay"] for finding in reversed(needed)}
    assert lines
    for line in lines.values():
        program, *words = shlex.split(line)
        assert program == "stormproof"
        again = run(folder, *words)
        assert again.code == 1, again.out + again.err
        assert "There again" in again.out


def test_a_replay_on_a_sound_guard_does_not_show_the_finding(explored: tuple[Path, Said]) -> None:
    """The same schedule on the reference ends with 3: the finding is not there, or the schedule does not fit."""
    folder, said = explored
    (finding, *_) = said.object["findings"]
    words = shlex.split(finding["replay"])[1:]
    again = run(folder, *words, "--subject", "reference")
    assert again.code == 3
    assert "Not there" in again.out


def test_judging_again_gives_the_same_bytes(explored: tuple[Path, Said]) -> None:
    """A stored run is judged without Redis, byte for byte as before."""
    folder, _ = explored
    before = (folder / "run" / "verdict.json").read_bytes()
    (folder / "run" / "verdict.json").unlink()
    assert run(folder, "judge", "run").code == 1
    assert (folder / "run" / "verdict.json").read_bytes() == before


def test_an_altered_line_of_the_book_changes_the_verdict(tmp_path: Path) -> None:
    """One landed effect less in the stored book of a sound guard, and the run is VALID no more."""
    assert run(tmp_path, "explore", "--subject", "twin.get_then_set", "--faults", "0", "--out", "run").code == 0
    history = tmp_path / "run" / "history.jsonl"
    before = (tmp_path / "run" / "verdict.json").read_bytes()
    lines = history.read_text("utf-8").splitlines(keepends=True)
    landed = next(at for at, line in enumerate(lines) if json.loads(line)["event"] == "landed")
    altered = lines[landed].replace('"n":1', '"n":2')
    assert altered != lines[landed]
    history.write_text("".join([*lines[:landed], altered, *lines[landed + 1 :]]), "utf-8")
    said = run(tmp_path, "judge", "run")
    assert said.code in {1, 3}
    assert (tmp_path / "run" / "verdict.json").read_bytes() != before


@pytest.mark.parametrize("source", [NEVER_EXECUTES, ALWAYS_IN_DOUBT], ids=["never-executes", "always-in-doubt"])
def test_a_useless_guard_does_not_pass(source: str, tmp_path: Path) -> None:
    """A guard that does nothing keeps every 'never', and is INVALID all the same."""
    (tmp_path / "useless.py").write_text(source, "utf-8")
    said = run(tmp_path, "explore", "--subject", "useless.py:make", "--json")
    assert said.code == 1
    checkers = {finding["checker"] for finding in said.object["findings"] if finding["promised"]}
    assert "usefulness" in checkers


def test_a_guard_that_polls_for_ever_is_unknown(tmp_path: Path) -> None:
    """A schedule without end is neither held nor violated."""
    (tmp_path / "poll.py").write_text(POLLS_FOR_EVER, "utf-8")
    said = run(tmp_path, "explore", "--subject", "poll.py:make", "--faults", "0", "--json")
    assert said.code == 3
    assert said.object["verdict"] == "UNKNOWN"


def test_a_budget_that_runs_out_says_how_far_it_got(tmp_path: Path) -> None:
    """UNKNOWN, exit 3, with the number of schedules that were run."""
    said = run(tmp_path, "explore", "--subject", "reference", "--budget", "0.5", "--json")
    assert said.code == 3
    verdict = said.object
    assert not verdict["exhausted"]
    assert f"stopped after {verdict['schedules']} schedules" in verdict["reasons"][0]


def test_a_server_whose_clock_cannot_be_moved_is_unknown(redis_server: RedisServer, tmp_path: Path) -> None:
    """Kinds that an external server cannot do end the run UNKNOWN, naming them, unless they were left out."""
    target = f"127.0.0.1:{redis_server.port}"
    external = ("--redis", f"redis://{target}", "--allow-target", target)
    guard = ("explore", "--subject", "twin.get_then_set", "--json", *external)
    said = run(tmp_path, *guard, "--kinds", "advance,reply_lost")
    assert said.code == 3
    assert "advance" in said.object["reasons"][0]
    assert run(tmp_path, *guard, "--kinds", "reply_lost").code == 0


def test_an_external_server_keeps_its_other_keys(redis_server: RedisServer, tmp_path: Path) -> None:
    """After an exploration the server holds what it held before, and nothing else."""
    client = redis_server.client()
    client.set("yours", "untouched")
    target = f"127.0.0.1:{redis_server.port}"
    external = ("--redis", f"redis://{target}", "--allow-target", target)
    said = run(tmp_path, "explore", "--subject", "reference", "--kinds", "reply_lost", "--faults", "0", *external)
    assert said.code == 0, said.out + said.err
    assert client.keys("*") == [b"yours"]


def test_a_password_reaches_the_guard_and_no_report(redis_server: RedisServer, tmp_path: Path) -> None:
    """A Redis with a password is explored, and no file of the run holds it."""
    redis_server.client().config_set("requirepass", "hunter2-secret")
    target = f"127.0.0.1:{redis_server.port}"
    external = ("--redis", f"redis://:hunter2-secret@{target}", "--allow-target", target)
    said = run(tmp_path, "explore", "--subject", "reference", "--kinds", "reply_lost", "--out", "run", *external)
    assert said.code == 0, said.out + said.err
    holding = [path for path in (tmp_path / "run").rglob("*") if path.is_file() and b"hunter2" in path.read_bytes()]
    assert holding == []
    assert "hunter2" not in said.out + said.err
