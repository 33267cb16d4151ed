"""A guard in somebody else's interpreter: nothing of ours is there, and everything is found all the same."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import redis

from harness.errors import WrongInputError
from harness.explorer.hosting import PROXY, Hosting, find_subject
from harness.explorer.proxy.tests.held import explore_held, written
from harness.explorer.tests.exploring import NEEDS_CLOCK
from harness.explorer.tests.stranger import STRANGER

if TYPE_CHECKING:
    from harness.redis_server.server import RedisServer

KINDS = ("reply_lost", "advance")


def bare_interpreter(folder: Path, *, with_redis: bool) -> str:
    """Make an interpreter that has the standard library, and redis-py where it is wanted."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    if with_redis:
        (packages,) = folder.glob("lib/python3*/site-packages")
        shutil.copytree(Path(redis.__file__).parent, packages / "redis")
    return str(folder / "bin" / "python")


def test_bare_interpreter_is_bare(tmp_path: Path) -> None:
    """The measure itself: what stormproof needs is missing there."""
    python = bare_interpreter(tmp_path / "bare", with_redis=True)
    names = ("redis", "harness", "greenlet", "hiredis")
    code = f"import importlib.util as u; print([bool(u.find_spec(name)) for name in {names}])"
    asked = subprocess.run([python, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert asked.stdout.strip() == "[True, False, False, False]"


@pytest.mark.takes_long
@NEEDS_CLOCK
def test_guard_is_the_same_in_a_bare_interpreter(redis_server: RedisServer, tmp_path: Path) -> None:
    """The same histories, classes and findings as in ours."""
    python = bare_interpreter(tmp_path / "bare", with_redis=True)
    name = written(tmp_path, STRANGER)
    theirs, ours = (
        explore_held(redis_server, tmp_path, name, *KINDS, workers=2, hosting=Hosting(gate=PROXY, python=where))
        for where in (python, "")
    )
    assert theirs.record.exhausted, theirs.record.reason
    assert set(theirs.histories.values()) == set(ours.histories.values())
    assert theirs.classes == ours.classes
    assert theirs.findings == ours.findings
    assert set(theirs.record.hits) == set(KINDS)


def test_interpreter_without_the_guards_packages_is_wrong_input(tmp_path: Path) -> None:
    """One line with what its import raised."""
    python = bare_interpreter(tmp_path / "bare", with_redis=False)
    with pytest.raises(WrongInputError, match="cannot be loaded: ModuleNotFoundError: No module named 'redis'"):
        find_subject(written(tmp_path, STRANGER), Hosting(gate=PROXY, python=python))


@pytest.mark.parametrize(
    ("python", "said"),
    [
        ("/nowhere/python", "cannot run /nowhere/python: No such file or directory"),
        ("/", "cannot run /: Permission denied"),
        ("SILENT", "the subject cannot be loaded: its interpreter ended: it said nothing"),
    ],
)
def test_what_is_no_interpreter_is_wrong_input(python: str, said: str, tmp_path: Path) -> None:
    """One line with what became of it."""
    if python == "SILENT":
        silent = tmp_path / "silent"
        silent.write_text("#!/bin/sh\n", "utf-8")
        silent.chmod(0o755)
        python = str(silent)
    with pytest.raises(WrongInputError, match=said):
        find_subject(written(tmp_path, STRANGER), Hosting(gate=PROXY, python=python))
