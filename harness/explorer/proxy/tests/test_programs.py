"""Programs in any language: what they do wrong is said in one line, and nothing of them is left."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import pytest

from harness.errors import WrongInputError
from harness.explorer.hosting import PROXY, Hosting
from harness.explorer.proxy import program
from harness.explorer.proxy.tests.held import explore_held
from harness.explorer.proxy.tests.leftovers import nothing_is_left, processes_of
from verify.history.words import Verdict

if TYPE_CHECKING:
    from harness.explorer.tests.exploring import Explored
    from harness.redis_server.server import RedisServer

__all__ = ["nothing_is_left"]
pytestmark = pytest.mark.usefixtures("nothing_is_left")

AT_THE_FIRST_QUESTION = {
    "prints_garbage": "the program wrote 'connected!' to its standard output, which is no line of JSON",
    "says_a_list": r"the program wrote '\[\]' to its standard output, which is no JSON object",
    "promises_the_moon": "which has another 'promise' than one of 'mutual_exclusion'",
    "never_gets_ready": "the program did not answer init with a line within 0.5 s; is its output flushed?",
}
"""What the little guard can do wrong before a schedule has begun: wrong input."""

IN_A_SCHEDULE = {
    "dies": "the subject ended by itself; it said: no strength left",
    "never_answers": "the subject waits for something that never comes",
    "speaks_unasked": "the subject said 'prepared' where the answer to 'call' was expected",
    "answers_twice": "the subject said 'result' of",
    "mixes_up_ids": "the subject said 'effect' of",
    "answers_maybe": "which has another 'outcome' than one of 'FAIL', 'INDETERMINATE'",
    "fences_with_a_string": "which has another 'fence' than an integer",
    "opens_a_thousand_connections": "the subject opens more than 512 connections at once",
}
"""What it can do wrong later: the verdict is UNKNOWN, whatever was seen before."""


def explore_program(server: RedisServer, folder: Path, mistake: str, *kinds: str, workers: int = 1) -> Explored:
    """Explore the little guard; its command line names *folder*, and so do those of its children."""
    source = folder / "program" / "little_guard.py"
    source.parent.mkdir()
    shutil.copy(Path(__file__).parents[3] / "hosts" / "tests" / "little_guard.py", source)
    command = (sys.executable, "-I", str(source), mistake, str(folder))
    hosting = Hosting(gate=PROXY, command=command)
    return explore_held(server, folder, shlex.join(command), *kinds, workers=workers, hosting=hosting)


def test_program_without_a_mistake_is_explored(redis_server: RedisServer, tmp_path: Path) -> None:
    """The measure itself: it holds when it dies and when replies are lost."""
    explored = explore_program(redis_server, tmp_path, "none", "reply_lost", "crash_after")
    assert explored.judge().verdict is Verdict.VALID
    assert set(explored.record.hits) == {"reply_lost", "crash_after"}


@pytest.mark.parametrize("mistake", AT_THE_FIRST_QUESTION)
def test_program_that_cannot_be_asked_is_wrong_input(mistake: str, redis_server: RedisServer, tmp_path: Path) -> None:
    """One line that says what was expected and what came."""
    with (
        mock.patch("harness.explorer.proxy.asking._READY_S", 0.5 if mistake == "never_gets_ready" else 30.0),
        pytest.raises(WrongInputError, match=AT_THE_FIRST_QUESTION[mistake]) as caught,
    ):
        explore_program(redis_server, tmp_path, mistake)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("mistake", IN_A_SCHEDULE)
def test_mistake_of_a_program_ends_the_run_with_a_reason(
    mistake: str, redis_server: RedisServer, tmp_path: Path
) -> None:
    """One line, and UNKNOWN: a program that cannot be held has shown nothing."""
    with mock.patch.object(program, "_PATIENCE_MS", 50):
        explored = explore_program(redis_server, tmp_path, mistake, "effect_lost")
    assert IN_A_SCHEDULE[mistake] in explored.record.reason
    assert "\n" not in explored.record.reason
    assert explored.judge().verdict is Verdict.UNKNOWN


@pytest.mark.in_turn(0)
@pytest.mark.parametrize("mistake", ["forks", "forks_and_lets_go", "forks_and_orphans"])
def test_children_of_a_program_end_with_it(mistake: str, redis_server: RedisServer, tmp_path: Path) -> None:
    """Whether they stay in its group, leave it, or lose their parent."""
    left: list[list[str]] = []
    kill = program.Program.kill

    def seen_before(victim: program.Program) -> None:
        left.append([line for line in processes_of(tmp_path) if "pause" in line])
        kill(victim)

    with mock.patch.object(program.Program, "kill", seen_before):
        explored = explore_program(redis_server, tmp_path, mistake, "crash_after")
    assert explored.record.exhausted, explored.record.reason
    assert any(left), "no child was ever there"


def test_program_that_is_not_there_is_wrong_input(redis_server: RedisServer, tmp_path: Path) -> None:
    """The name and the reason of the operating system."""
    hosting = Hosting(gate=PROXY, command=(str(tmp_path / "nobody"),))
    with pytest.raises(WrongInputError, match=r"cannot run .*nobody: No such file or directory"):
        explore_held(redis_server, tmp_path, "nobody", hosting=hosting)
