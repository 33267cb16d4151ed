"""A program that keeps the line protocol passes, and each one that breaks a rule is told which."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.errors import CouldNotRunError, WrongInputError
from harness.hosts.line_conformance import LineProtocolError, check_program, main
from harness.hosts.line_dialogue import Dialogue
from harness.hosts.line_relay import Loop
from harness.processes.child import is_running
from harness.redis_server.port import free_port

if TYPE_CHECKING:
    from harness.redis_server.server import RedisServer

_LITTLE_GUARD = Path(__file__).with_name("little_guard.py")
_IMPATIENT_S = 2.0

MISTAKES = {
    "prints_garbage": "After init 0: expected ready, saw the line connected!, which is no JSON",
    "says_a_list": r"saw the line \[\], which is no JSON object",
    "writes_another_encoding": "which is no JSON in UTF-8",
    "promises_the_moon": "which has another 'promise' than one of 'mutual_exclusion', 'at_most_once'",
    "stumbles_over_unknown_fields": "After init 0: .* its end with exit status 1 .its stderr ends: an unknown field",
    "dies": r"After call \d+: .* saw its end with exit status 1 .its stderr ends: no strength left",
    "mixes_up_ids": "expected its id in the line 'effect'",
    "counts_from_zero": "expected effect 1, saw effect 0",
    "fences_with_a_string": "which has another 'fence' than an integer",
    "does_it_for_ever": "expected an end, saw effect 11",
    "leaves_redis_out": "expected it to use the redis_url that it was given",
    "makes_up_a_result": "expected as a result one of the receipts that its key was given, or an error, saw .'made'",
    "answers_twice": "expected no further line, saw the line .*result",
    "answers_maybe": "which has another 'outcome' than one of 'FAIL', 'INDETERMINATE'",
    "takes_a_timeout_for_done": "expected as a result one of the receipts that its key was given",
    "dies_without_redis": "saw its end with exit status 1",
    "stays_offline": "In the call after a lost connection: expected a result, saw .*INDETERMINATE",
    "keeps_its_first_redis": "In a call after a further init: expected it to use that init's redis_url",
    "says_good_bye": "and the end of its stdin: expected no further line, saw the line .*prepared",
    "takes_prepare_for_another": "After prepare: expected prepared, saw the line .*reconciled",
}
"""What the little guard can do wrong, and what it must be told."""

TAKES_TIME = {
    "never_gets_ready": "After init 0: expected ready, saw no line within 2 s",
    "never_answers": r"After call \d+: expected effect or result or error or sleep, saw no line within 2 s",
    "keeps_its_lines_back": "After init 0: expected ready, saw no line within 2 s",
    "sleeps_for_ever": "expected an end, saw it sleep for more than 2 s",
    "waits_for_redis_for_ever": r"After call \d+: .* saw no line within 2 s",
    "outlives_its_stdin": "expected the end of the program, saw it still running 2 s later",
    "never_reconciled": "After probe_reply .* saw no line within 2 s",
}
"""The same, where it takes the deadline to see it."""


def little_guard(mistake: str) -> list[str]:
    """Return the command that runs the little guard."""
    return [sys.executable, "-I", str(_LITTLE_GUARD), mistake]


def test_program_without_a_mistake_passes(redis_server: RedisServer) -> None:
    """The smallest program that uses every line keeps every rule."""
    check_program(little_guard("none"), f"{redis_server.tcp_url}/0")


@pytest.mark.in_turn(0)
@pytest.mark.parametrize("mistake", MISTAKES)
def test_program_is_told_which_rule_it_breaks(mistake: str, redis_server: RedisServer) -> None:
    """Each mistake gives a sentence that says after what, what was expected and what was seen."""
    with pytest.raises(LineProtocolError, match=MISTAKES[mistake]):
        check_program(little_guard(mistake), f"{redis_server.tcp_url}/0")


@pytest.mark.in_turn(1)
@pytest.mark.parametrize("mistake", TAKES_TIME)
def test_program_that_keeps_the_harness_waiting_is_told_so(mistake: str, redis_server: RedisServer) -> None:
    """Nobody waits for ever: what does not come within the deadline is a broken rule."""
    with pytest.raises(LineProtocolError, match=TAKES_TIME[mistake]):
        check_program(little_guard(mistake), f"{redis_server.tcp_url}/0", deadline_s=_IMPATIENT_S)


def test_each_broken_rule_is_one_sentence(redis_server: RedisServer) -> None:
    """The error is an AssertionError that a test shows as it is: the program, then a sentence a line."""
    with pytest.raises(AssertionError) as caught:
        check_program(little_guard("prints_garbage"), f"{redis_server.tcp_url}/0")
    assert isinstance(caught.value, LineProtocolError)
    assert caught.value.broken
    assert all(sentence.endswith(".") and "\n" not in sentence for sentence in caught.value.broken)
    assert str(caught.value).splitlines()[1:] == list(caught.value.broken)


def test_nothing_is_left_of_a_program_that_outlives_its_stdin(redis_server: RedisServer, tmp_path: Path) -> None:
    """A program that does not end by itself is ended, whatever a rule said of it."""
    dialogue = Dialogue(
        little_guard("outlives_its_stdin"),
        redis_url=f"{redis_server.tcp_url}/0",
        loop=Loop(),
        log=tmp_path / "log",
        deadline_s=_IMPATIENT_S,
    )
    with dialogue as program:
        pid = program._process.pid
        program.init()
        assert is_running(pid)
    assert not is_running(pid)


def test_program_that_is_not_there_is_wrong_input(redis_server: RedisServer, tmp_path: Path) -> None:
    """A name that cannot be executed is the caller's mistake, and no rule is named."""
    with pytest.raises(WrongInputError, match="cannot start"):
        check_program([str(tmp_path / "nobody")], f"{redis_server.tcp_url}/0")


def test_redis_url_of_another_form_is_wrong_input(redis_server: RedisServer) -> None:
    """The way to Redis can be cut only where it is TCP without encryption."""
    with pytest.raises(WrongInputError, match="redis://HOST:PORT/DB"):
        check_program(little_guard("none"), redis_server.url)


def test_server_that_is_not_there_is_no_broken_rule() -> None:
    """A program is not blamed for a Redis server that its caller has not started."""
    with pytest.raises(CouldNotRunError, match="cannot connect to the Redis server"):
        check_program(little_guard("none"), f"redis://127.0.0.1:{free_port()}/0")


def test_command_line_says_what_was_found(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Exit status 0: no rule is broken; 1: one is; 2: there is no program."""
    assert main(little_guard("none")) == 0
    assert "keeps the line protocol" in capsys.readouterr().out
    assert main(little_guard("prints_garbage")) == 1
    assert "saw the line connected!" in capsys.readouterr().out
    assert main([str(tmp_path / "nobody")]) == 2
    assert "cannot start" in capsys.readouterr().err
    assert main([]) == 2
    assert "usage" in capsys.readouterr().err
