"""The pytest plugin as its users meet it: a broken guard fails their test, a sound one passes, doubt is no pass."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from harness.subjects import namesakes
from stormproof import names
from stormproof.tests.pytest_runs import BROKEN, GOOD, run_pytest
from stormproof.tests.running import run

if TYPE_CHECKING:
    from pathlib import Path

TESTS = """
import pytest
from broken import make
from sound import make as make_sound

def test_broken(chaos_explore):
    chaos_explore(make).assert_held()

def make_here(redis_url, lease_s):
    return make(redis_url, lease_s)

make_here.outside = make.outside

def test_put_together(chaos_explore):
    chaos_explore(make_here).assert_held()

def test_sound(chaos_explore):
    chaos_explore(make_sound).assert_held()

def test_unasked(chaos_explore):
    chaos_explore(make)

def test_hurried(chaos_explore):
    chaos_explore(make, budget_s=0.001).assert_held()

@pytest.mark.chaos_promise("exactly_once_or_in_doubt")
def test_marked(chaos_explore):
    chaos_explore(make_sound).assert_held()

@pytest.mark.chaos_promise("exactly_once_or_in_doubt")
def test_overridden(chaos_explore):
    explored = chaos_explore("src/sound.py:make", promise="at_most_once", kinds=["effect_reply_lost"])
    assert explored.verdict == "VALID"
    assert [each for each in explored.findings if each["checker"] == "nothing_lost" and not each["promised"]]

@pytest.mark.chaos_promise
def test_marked_wrongly(chaos_explore):
    pass

DONE = {}

def make_forgetful(redis_url, lease_s):
    def guard(key, payload, effect):
        if key not in DONE:
            DONE[key] = effect(payload)
        return DONE[key]
    return guard

def test_memory(chaos_explore):
    assert chaos_explore(make_forgetful, faults=0, promise="at_most_once").verdict == "INVALID"

def test_closure(chaos_explore):
    chaos_explore(lambda redis_url, lease_s: None)

def test_option(chaos_explore):
    chaos_explore(make, workers=0)

def test_place(chaos_explore):
    chaos_explore("gone.py:make")
"""


@dataclass(frozen=True, slots=True)
class Session:
    """A session of pytest that came to its end: where it ran, what it printed, how each test ended."""

    folder: Path
    out: str
    ends: dict[str, tuple[str, str]]

    def failure(self, test: str, kind: str = "failure") -> str:
        """Return what a test failed with."""
        seen, text = self.ends[test]
        assert seen == kind
        return text


@pytest.fixture(scope="module", name="session")
def _session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """Run TESTS once, in a repository whose guards only pytest's own path leads to."""
    folder = tmp_path_factory.mktemp("gallery")
    for place, text in {"src/broken.py": BROKEN, "src/sound.py": GOOD, "tests/test_guard.py": TESTS}.items():
        (folder / place).parent.mkdir(exist_ok=True)
        (folder / place).write_text(text, "utf-8")
    words = ("-o", "pythonpath=src", "--strict-markers", "--chaos-kinds", "effect_reply_lost", "--junitxml=ends.xml")
    said = run_pytest(folder, *words)
    assert said.code == 1, said.out
    ends = {}
    for case in ET.parse(folder / "ends.xml").iter("testcase"):  # noqa: S314 - our own child wrote it
        worst = next(iter(case), None)
        ends[case.attrib["name"]] = ("passed", "") if worst is None else (worst.tag, worst.text or "")
    return Session(folder, said.out, ends)


def replay_lines(text: str) -> list[str]:
    """Return the replay lines that stand alone, as they can be pasted."""
    return re.findall(r"^stormproof replay \S+$", text, re.MULTILINE)


def test_a_broken_guard_fails_with_its_picture_and_its_replay_line(session: Session) -> None:
    """The failure says what was seen, without a traceback, and where the evidence is."""
    said = session.failure("test_broken")
    assert said.startswith("Violated: src/broken.py:make broke at_most_once.")
    assert "at_most_once: key k0 landed 2 times (by w0, w1); at most once was promised" in said
    assert "[!! effect 2: DONE AGAIN]" in said
    assert "Traceback" not in session.out
    assert "test_broken - PromiseBrokenError: Violated: src/broken.py:make broke at_most_once." in session.out
    (line,) = replay_lines(said)
    (evidence,) = re.findall(r"^evidence: (\S+)$", said, re.MULTILINE)
    assert line.startswith(f"stormproof replay {evidence}/")
    assert (session.folder / evidence / "summary.md").read_text("utf-8").startswith("# INVALID")


def test_a_replay_finds_what_the_test_could_import(session: Session) -> None:
    """The line, pasted where pytest was started, shows the finding again: also of a guard that was made in a test."""
    (line,) = replay_lines(session.failure("test_put_together"))
    again = run(session.folder, *shlex.split(line)[1:])
    assert (again.code, "There again" in again.out) == (1, True)


def test_a_sound_guard_passes_and_leaves_nothing_behind(session: Session) -> None:
    """Nobody has to clean up after a test that has nothing to tell."""
    assert session.ends["test_sound"][0] == "passed"
    kept = {path.name for path in (session.folder / "stormproof-runs").iterdir()}
    assert "test_guard.test_broken-1" in kept
    assert "test_guard.test_sound-1" not in kept


def test_a_verdict_that_nobody_asks_for_does_not_pass(session: Session) -> None:
    """A forgotten assert_held() would be a test that can never fail."""
    assert "Nobody asked for the verdict: call assert_held()." in session.failure("test_unasked", "error")


def test_what_was_not_shown_fails_with_its_reason(session: Session) -> None:
    """UNKNOWN is neither a pass nor a broken promise, and says so in words of its own."""
    said = session.failure("test_hurried")
    assert re.match(r"Not shown: stopped after \d+ schedules: the budget of 0.001 s ran out", said)
    assert "NotShownError: Not shown: stopped after" in session.out
    assert replay_lines(said) == []


def test_the_marker_says_what_the_guard_is_held_to(session: Session) -> None:
    """An argument overrides the marker, the marker overrides what the guard says of itself."""
    assert session.failure("test_marked").startswith("Violated: src/sound.py:make broke nothing_lost")
    assert session.ends["test_overridden"][0] == "passed"
    assert "the marker takes one name" in session.failure("test_marked_wrongly", "error")


def test_variables_of_the_test_module_are_not_shared(session: Session) -> None:
    """A guard that remembers in memory what it did is found out: processes of production do not share a memory."""
    assert session.ends["test_memory"][0] == "passed"


WRONG = {
    "test_closure": "define make(redis_url, lease_s) at the top of a module",
    "test_option": "--workers is 0; expected a whole number from 1 to 8",
    "test_place": "cannot read gone.py",
}


@pytest.mark.parametrize("test", WRONG)
def test_what_cannot_be_explored_is_said_in_one_line(test: str, session: Session) -> None:
    """No traceback, no empty folder, and what to do next."""
    said = session.failure(test)
    assert WRONG[test] in said
    assert said.count("\n") == 0
    assert f"{test} - CannotExploreError: " in session.out
    assert not list((session.folder / "stormproof-runs").glob(f"*.{test}-*"))


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    """Return a folder with a guard, and a test that explores it under no fault."""
    (tmp_path / "guard.py").write_text(GOOD, "utf-8")
    test = "from guard import make\ndef test_it(chaos_explore):\n    chaos_explore(make, faults=0).assert_held()\n"
    (tmp_path / "test_guard.py").write_text(test, "utf-8")
    return tmp_path


def test_every_run_folder_is_kept_where_the_user_asked_for_it(folder: Path) -> None:
    """What held is evidence too; nothing is written over an earlier run."""
    (folder / "kept" / "test_guard.test_it-1").mkdir(parents=True)
    assert run_pytest(folder, "--chaos-runs", "kept", "--chaos-seed", "7").code == 0
    assert sorted(path.name for path in (folder / "kept").iterdir()) == [f"test_guard.test_it-{n}" for n in (1, 2)]
    assert not list((folder / "kept" / "test_guard.test_it-1").iterdir())
    assert "seed: 7" in (folder / "kept" / "test_guard.test_it-2" / "summary.md").read_text("utf-8")


@pytest.mark.takes_long
def test_two_workers_explore_side_by_side(folder: Path) -> None:
    """Under xdist each test has a server and a folder of its own, also where two tests have one name."""
    (folder / "guard.py").write_text(GOOD.replace("nx=True", "nx=False"), "utf-8")
    (folder / "a").mkdir()
    (folder / "a" / "test_guard.py").write_bytes((folder / "test_guard.py").read_bytes())
    said = run_pytest(folder, "-n", "2", "--import-mode=importlib", "-o", "pythonpath=.")
    assert "2 failed" in said.out
    lines = set(replay_lines(said.out))
    assert len(lines) == 2
    assert all((folder / shlex.split(line)[2]).is_file() for line in lines)


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
    said = run_pytest(tmp_path, "--chaos-redis", "redis://127.0.0.1:1", "-k", "fresh and 1")
    assert "chaos_redis starts a server of its own" in said.out
    assert "1 error" in said.out


def test_the_plugin_is_light() -> None:
    """A session that explores nothing pays for nothing, and meets none of our names."""
    program = (
        "import stormproof.plugin, sys; "
        f"print(*sorted({{*{names.ROOMS!r}, 'redis', 'rich', 'typer', 'greenlet'}} & sys.modules.keys()))"
    )
    seen = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert seen.stdout.split() == ["stormproof"]


def test_our_names_are_the_same_wherever_they_are_claimed() -> None:
    """Neither of the two modules may import the other: one speaks before our packages have their names."""
    assert names.ROOMS == namesakes.ROOMS
