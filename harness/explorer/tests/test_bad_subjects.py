"""Subjects that do what no gate, or not every gate, can bear: a reason that names it, and never VALID."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest

from harness.errors import CouldNotRunError, WrongInputError
from harness.explorer.gate import shared_interpreter
from harness.explorer.hosting import GREENLETS, Hosting
from harness.explorer.tests.exploring import explore
from harness.subjects.loading import load_subject
from verify.history.words import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from harness.redis_server.server import RedisServer

BODIES = {
    "forks": "os.fork() or os._exit(0)",
    "changes the working directory": "os.chdir('/')",
    "starts a thread": "threading.Thread(target=print).start()",
    "opens more than 512 connections": "keep.extend(connected(redis_url) for _ in range(1000))",
    "uses CLIENT REPLY": "client.execute_command('CLIENT', 'REPLY', 'OFF')",
    "uses MONITOR": "client.execute_command('MONITOR')",
    "uses CLUSTER": "client.execute_command('CLUSTER', 'SLOTS')",
}
NEEDS_PROXY = ("changes the working directory", "starts a thread")
"""What a process of its own may do."""

GUARD = """
import os, redis, threading
keep = []

def connected(url):
    return redis.Redis.from_url(url).connection_pool.get_connection()

def make(redis_url, lease_s):
    client = redis.Redis.from_url(redis_url)
    def guard(key, payload, effect):
        {body}
        return effect(payload)
    return guard
"""


def subject_doing(body: str, folder: Path) -> Any:
    """Return the subject whose guard does *body* before its effect."""
    path = folder / "bad_guard.py"
    path.write_text(GUARD.format(body=body), "utf-8")
    return load_subject(f"{path}:make")


@pytest.mark.parametrize("gate", ["greenlet", "proxy"])
@pytest.mark.parametrize("what", BODIES)
def test_what_cannot_be_held_is_named(what: str, gate: str, redis_server: RedisServer, tmp_path: Path) -> None:
    """The reason says what the subject does; a process of its own may do more."""
    subject = subject_doing(BODIES[what], tmp_path)
    explored = explore(redis_server, tmp_path, subject, hosting=Hosting(gate=gate))
    if gate == "proxy" and what in NEEDS_PROXY:
        assert explored.record.reason == ""
        return
    assert what in explored.record.reason
    assert explored.judge().verdict is Verdict.UNKNOWN


def test_nothing_is_left_taken_over(redis_server: RedisServer, tmp_path: Path) -> None:
    """After the exploration this interpreter forks, starts threads and changes its folder as before."""
    before = (os.fork, os.chdir, threading.Thread.start)
    explore(redis_server, tmp_path, subject_doing("os.chdir('/')", tmp_path))
    assert (os.fork, os.chdir, threading.Thread.start) == before


def test_output_of_a_guard_is_not_ours(
    redis_server: RedisServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a guard prints does not get between the lines of a report."""
    explored = explore(redis_server, tmp_path, subject_doing("print('noise')", tmp_path))
    assert explored.record.reason == ""
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("body", ["threading.Event().wait()", "exec('while True: pass')"])
def test_guard_that_never_comes_back_is_given_up(body: str, redis_server: RedisServer, tmp_path: Path) -> None:
    """Whether it blocks or computes: the harness looks, and ends it."""
    subject = subject_doing(body, tmp_path)
    with mock.patch.object(shared_interpreter, "LOOK_S", 0.02):
        explored = explore(redis_server, tmp_path, subject, hosting=GREENLETS)
    assert "computes or blocks" in explored.record.reason


def test_import_changes_no_folder_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A module may do what it wants to while it is loaded; the harness stays where it is."""
    path = tmp_path / "moves.py"
    path.write_text("import os\nos.chdir('/')\nprint('noise')\ndef make(redis_url, lease_s): ...\n", "utf-8")
    here = os.getcwd()  # noqa: PTH109 - as the harness sees it
    load_subject(f"{path}:make")
    assert os.getcwd() == here  # noqa: PTH109 - as above
    assert capsys.readouterr().out == ""


def test_module_that_exits_is_wrong_input(tmp_path: Path) -> None:
    """It does not take the harness with it."""
    path = tmp_path / "leaves.py"
    path.write_text("import sys\nsys.exit(0)\n", "utf-8")
    with pytest.raises(WrongInputError, match="raised at import: SystemExit"):
        load_subject(f"{path}:make")


def test_prepare_that_cannot_be_held_is_named_as_that(redis_server: RedisServer, tmp_path: Path) -> None:
    """What the gate refuses is not taken for an error of the subject, which another prepare raises."""
    source = GUARD.format(body="pass") + "make.prepare = lambda url: {prepare}\n"
    path = tmp_path / "prepares.py"
    for prepare, told in (
        ("redis.Redis.from_url(url).execute_command('MONITOR')", "^the subject uses MONITOR"),
        ("int('x')", "raised in its prepare: ValueError"),
    ):
        path.write_text(source.replace("{prepare}", prepare), "utf-8")
        with pytest.raises(CouldNotRunError, match=told):
            explore(redis_server, tmp_path, load_subject(f"{path}:make"))
