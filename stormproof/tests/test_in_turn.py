"""Tests that take turns: together they take everything, and each takes everything when it is asked to."""

from __future__ import annotations

import re
import subprocess
import sys

from harness.subjects.broken.registry import PLANTED
from stormproof.names import ROOT

CHECKS = (
    "harness/explorer/tests/test_reduction.py",
    "harness/explorer/proxy/tests/test_same_in_both_gates.py",
    "harness/explorer/tests/test_shrink.py",
)


def _collected(*words: str) -> dict[str, set[str]]:
    """Return the planted guards that each check takes, by its file."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-m", "in_turn", *words]
    seen = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    taken = re.findall(r"^(\S+?)::\S+\[(\w+)\]$", seen.stdout, re.MULTILINE)
    return {file: {name for where, name in taken if where == file} for file in CHECKS}


def test_the_shares_of_three_checks_are_everything() -> None:
    """None is taken twice, and none is left out."""
    taken = _collected(*CHECKS)
    assert all(taken.values())
    assert sorted(name for names in taken.values() for name in names) == sorted(PLANTED)


def test_each_takes_everything_that_it_is_asked_for() -> None:
    """All of it with the option, and a single test that is named though it is another one's turn."""
    assert _collected("--thorough", *CHECKS) == {file: set(PLANTED) for file in CHECKS}
    name = list(PLANTED)[1]
    test = f"{CHECKS[0]}::test_reduction_meets_the_classes_and_findings_of_every_schedule[{name}]"
    assert _collected(test)[CHECKS[0]] == {name}
