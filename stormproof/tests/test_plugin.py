"""The pytest plugin as its users meet it: a broken guard fails their test, a sound one passes, doubt is no pass."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from stormproof.names import ROOMS
from stormproof.tests.pytest_runs import BROKEN, GOOD, run_pytest
from stormproof.tests.running import run

if TYPE_CHECKING:
    from pathlib import Path

TEST = """
import pytest
from guard import make

def test_my_guard(chaos_explore):
    chaos_explore(make, kinds="effect_reply_lost").assert_held()
"""
QUICK = ("--chaos-kinds", "effect_reply_lost")


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    """Return a folder with a broken guard, and a test that explores it."""
    (tmp_path / "guard.py").write_text(BROKEN, "utf-8")
    (tmp_path / "test_guard.py").write_text(TEST, "utf-8")
    return tmp_path


def replay_lines(text: str) -> list[str]:
    """Return the replay lines that stand alone, as they can be pasted."""
    return re.findall(r"^stormproof replay \S+$", text, re.MULTILINE)


def test_a_broken_guard_fails_with_its_picture_and_its_replay_line(folder: Path) -> None:
    """The line, pasted where pytest was started, shows the finding again."""
    said = run_pytest(folder)
    assert said.code == 1
    assert "at_most_once: key k0 landed 2 times (by w0, w1); at most once was promised" in said.out
    assert "[!! effect 2: DONE AGAIN]" in said.out
    assert "PromiseBrokenError: Violated: guard.py:make broke at_most_once." in said.out
    assert "Traceback" not in said.out
    (line,) = replay_lines(said.out)
    again = run(folder, *shlex.split(line)[1:])
    assert (again.code, "There again" in again.out) == (1, True)
    (evidence,) = re.findall(r"^evidence: (\S+)$", said.out, re.MULTILINE)
    assert (folder / evidence / "summary.md").read_text("utf-8").startswith("# INVALID")


def test_a_replay_finds_what_the_test_could_import(folder: Path) -> None:
    """A guard made in a test, of parts that only pytest's path leads to, is replayed without any further word."""
    (folder / "src").mkdir()
    (folder / "guard.py").rename(folder / "src" / "guard.py")
    (folder / "tests").mkdir()
    (folder / "test_guard.py").unlink()
    made = "import guard\n\ndef make(url, lease_s):\n    return guard.make(url, lease_s)"
    source = TEST.replace("from guard import make", f"{made}\n\nmake.outside = guard.make.outside")
    (folder / "tests" / "test_guard.py").write_text(source, "utf-8")
    said = run_pytest(folder, "-o", "pythonpath=src")
    (line,) = replay_lines(said.out)
    assert run(folder, *shlex.split(line)[1:]).code == 1


def test_a_sound_guard_passes_and_leaves_nothing_behind(folder: Path) -> None:
    """Nobody has to clean up after a test that has nothing to tell."""
    (folder / "guard.py").write_text(GOOD, "utf-8")
    assert run_pytest(folder).code == 0
    assert not (folder / "stormproof-runs").exists()


def test_every_run_folder_is_kept_where_the_user_asked_for_it(folder: Path) -> None:
    """What held is evidence too; a second run never writes over the first."""
    (folder / "guard.py").write_text(GOOD, "utf-8")
    for _ in range(2):
        assert run_pytest(folder, "--chaos-runs", "kept", "--chaos-seed", "7").code == 0
    kept = sorted((folder / "kept").iterdir())
    assert [path.name for path in kept] == ["test_guard.test_my_guard-1", "test_guard.test_my_guard-2"]
    judged = run(folder, "judge", "kept/test_guard.test_my_guard-1")
    assert judged.code == 0
    assert "seed: 7" in (kept[0] / "summary.md").read_text("utf-8")


def test_what_was_not_shown_fails_with_its_reason(folder: Path) -> None:
    """UNKNOWN is neither a pass nor a broken promise, and says so in words of its own."""
    said = run_pytest(folder, "--chaos-budget", "0.001")
    assert said.code == 1
    assert re.search(
        r"^Not shown: stopped after \d+ schedules: the budget of 0.001 s ran out", said.out, re.MULTILINE
    )
    assert "NotShownError: Not shown: stopped after" in said.out
    assert "Violated" not in said.out
    assert replay_lines(said.out) == []


def test_the_marker_and_the_arguments_say_what_the_guard_is_held_to(folder: Path) -> None:
    """An argument overrides the marker, the marker overrides what the guard says of itself."""
    (folder / "guard.py").write_text(GOOD, "utf-8")
    (folder / "test_guard.py").write_text(
        TEST
        + """
@pytest.mark.chaos_promise("exactly_once_or_in_doubt")
def test_marked(chaos_explore):
    chaos_explore(make).assert_held()

@pytest.mark.chaos_promise("exactly_once_or_in_doubt")
def test_overridden(chaos_explore):
    explored = chaos_explore("guard.py:make", promise="at_most_once", kinds=["effect_reply_lost"])
    assert explored.verdict == "VALID"
    assert [each for each in explored.findings if each["checker"] == "nothing_lost" and not each["promised"]]

@pytest.mark.chaos_promise
def test_marked_wrongly(chaos_explore):
    pass
""",
        "utf-8",
    )
    said = run_pytest(folder, "--strict-markers", *QUICK)
    assert "FAILED test_guard.py::test_marked - PromiseBrokenError: Violated: guard.py:make broke " in said.out
    assert "ERROR test_guard.py::test_marked_wrongly - Failed: the marker takes one name" in said.out
    assert "2 passed" in said.out


WRONG = {
    "closure": ("chaos_explore(lambda url, lease_s: None)", "define make(redis_url, lease_s) at the top of a module"),
    "option": ("chaos_explore(make, workers=0)", "--workers is 0; expected a whole number from 1 to 8"),
    "kind": ("chaos_explore(make, kinds='meteor')", "request_lost"),
    "place": ("chaos_explore('gone.py:make')", "cannot read gone.py"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_explored_is_said_in_one_line(case: str, folder: Path) -> None:
    """No traceback, no empty folder, and what to do next."""
    call, expected = WRONG[case]
    (folder / "test_guard.py").write_text(
        f"from guard import make\ndef test_it(chaos_explore):\n    {call}\n", "utf-8"
    )
    said = run_pytest(folder, "--tb=long")
    assert said.code == 1
    (failure,) = re.findall(r"_ test_it _+\n(.*)\n=", said.out)
    assert expected in failure
    assert "CannotExploreError" in said.out
    assert not (folder / "stormproof-runs").is_dir() or not list((folder / "stormproof-runs").iterdir())


def test_a_verdict_that_nobody_asks_for_does_not_pass(folder: Path) -> None:
    """A forgotten assert_held() would be a test that can never fail."""
    (folder / "test_guard.py").write_text(TEST.replace(".assert_held()", ""), "utf-8")
    said = run_pytest(folder)
    assert said.code == 1
    assert "ERROR test_guard.py::test_my_guard - PromiseBrokenError: Nobody asked for the verdict" in said.out


def test_variables_of_the_test_module_are_not_shared(folder: Path) -> None:
    """A guard that remembers in memory what it did is found out: processes of production do not share a memory."""
    forgetful = """
DONE = {}

def make(redis_url, lease_s):
    def guard(key, payload, effect):
        if key not in DONE:
            DONE[key] = effect(payload)
        return DONE[key]
    return guard

def test_memory(chaos_explore):
    assert chaos_explore(make, faults=0, promise="at_most_once").verdict == "INVALID"
"""
    (folder / "test_guard.py").write_text(forgetful, "utf-8")
    assert run_pytest(folder).code == 0


def test_two_workers_explore_side_by_side(folder: Path) -> None:
    """Under xdist each test has a server and a folder of its own, also where two tests have one name."""
    for name in ("test_one.py", "test_two.py"):
        (folder / name).write_text(TEST, "utf-8")
    (folder / "test_guard.py").unlink()
    (folder / "a").mkdir()
    (folder / "a" / "test_one.py").write_text(TEST, "utf-8")
    said = run_pytest(folder, "-n", "2", "--import-mode=importlib", "-o", "pythonpath=.", "--chaos-faults", "1")
    assert said.code == 1
    assert "3 failed" in said.out
    lines = replay_lines(said.out)
    assert len(set(lines)) == 3
    for line in lines:
        assert run(folder, *shlex.split(line)[1:]).code == 1


def test_a_redis_is_there_for_a_test_and_gone_after_it(tmp_path: Path) -> None:
    """Each test gets a server of its own; somebody else's is not taken for it."""
    (tmp_path / "test_redis.py").write_text(
        """
import pytest, redis
seen = []

@pytest.mark.parametrize("n", [1, 2])
def test_fresh(chaos_redis, n):
    client = redis.Redis.from_url(chaos_redis)
    assert client.dbsize() == 0
    client.set("mine", n)
    client.close()
    seen.append(chaos_redis)

def test_gone():
    for url in seen:
        with pytest.raises(redis.ConnectionError):
            redis.Redis.from_url(url).ping()
""",
        "utf-8",
    )
    assert run_pytest(tmp_path).code == 0
    said = run_pytest(
        tmp_path, "--chaos-redis", "redis://127.0.0.1:1", "--chaos-allow-target", "127.0.0.1:1", "-k", "fresh"
    )
    assert "chaos_redis starts a server of its own" in said.out
    assert "2 errors" in said.out


def test_the_plugin_is_light() -> None:
    """A session that explores nothing pays for nothing, and meets none of our names."""
    program = (
        "import stormproof.plugin, sys; "
        f"print(*sorted({{*{ROOMS!r}, 'redis', 'rich', 'typer', 'greenlet'}} & sys.modules.keys()))"
    )
    seen = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert seen.stdout.split() == ["stormproof"]
