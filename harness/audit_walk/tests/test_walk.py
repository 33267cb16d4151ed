"""The walk kills for real at every step, finds what is planted, passes the twins, and refuses what it cannot see."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from harness.audit_walk import planted
from harness.audit_walk.subject import BOX, PLANTED

UNSEEN = """
class Audit:
    def __init__(self, folder):
        self.folder = folder

    def act(self, key, do):
        with open(f"{self.folder}/audit", "a") as file:
            file.write(key)
        do()

    def read(self):
        return []

    def close(self):
        pass
"""


def walk(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program: it forks, which a test with threads must not."""
    program = [sys.executable, "-m", "harness.audit_walk", *arguments]
    return subprocess.run(program, capture_output=True, text=True, check=False)


def test_the_audit_of_the_core_keeps_its_promise_at_every_kill() -> None:
    """Both kinds at every step of two forced acts: nothing was done unwritten, nothing acknowledged is lost."""
    ended = walk("audit")
    said = re.fullmatch(r"VALID: audit, (\d+) runs\n", ended.stdout)
    assert said is not None, ended.stdout + ended.stderr
    assert ended.returncode == 0
    assert int(said[1]) > 2 * 4 * 5, "four records, each created, written in two halves, and synced"


@pytest.mark.in_turn(0)
@pytest.mark.parametrize("name", PLANTED)
def test_planted_audit_is_caught_and_its_line_shows_it_again(name: str) -> None:
    """The checker that must fire does, and the printed kill alone is enough to see it."""
    ended = walk(f"broken.{name}")
    assert ended.returncode == 1, ended.stderr
    told = rf"^{PLANTED[name].checker}: .*\n  python -m harness\.audit_walk (.*)$"
    (line,) = re.findall(told, ended.stdout, re.MULTILINE)
    assert line.endswith(PLANTED[name].faults)
    again = walk(*line.split())
    assert again.returncode == 1
    assert f"{PLANTED[name].checker}: " in again.stdout


@pytest.mark.in_turn(1)
@pytest.mark.parametrize("name", PLANTED)
def test_twin_of_a_planted_audit_passes(name: str) -> None:
    """Without the bug no kill shows anything."""
    ended = walk(f"twin.{name}")
    assert (ended.returncode, ended.stdout.partition(":")[0]) == (0, "VALID"), ended.stdout + ended.stderr


def test_what_cannot_be_walked_is_said_and_nothing_is_concluded(tmp_path: Path) -> None:
    """A buffered file hides its steps; a step that is none cannot be shown again; a name that is none is wrong."""
    source = tmp_path / "audit.py"
    source.write_text(f"{UNSEEN}\n\ndef make(folder):\n    return Audit(folder)\n", encoding="utf-8")
    hidden = walk(f"{source}:make")
    assert hidden.returncode == 3
    assert "expected os.write" in hidden.stderr
    beyond = walk("audit", "--kill", "9999")
    assert (beyond.returncode, beyond.stderr) == (3, "the writer has no step 9999: it came to its end\n")
    unknown = walk("nobody")
    assert unknown.returncode == 2
    assert "unknown audit 'nobody'; expected one of: audit" in unknown.stderr


def test_every_planted_audit_is_in_the_box_with_its_twin() -> None:
    """A file of the folder is found by itself."""
    (folder,) = planted.__path__
    files = {path.stem for path in Path(folder).glob("*.py")} - {"__init__", "footing"}
    assert files == PLANTED.keys()
    assert {f"{kind}.{name}" for kind in ("broken", "twin") for name in files} < BOX.keys()
    assert {each.checker for each in PLANTED.values()} == {"audit_first", "audit_complete"}
