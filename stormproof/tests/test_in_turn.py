"""Tests that take turns: together they take everything, and each takes everything when it is asked to."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter

from harness.subjects.broken.registry import PLANTED
from stormproof.names import ROOT

CHECKS = (
    "harness/explorer/tests/test_reduction.py::test_reduction_meets_the_classes_and_findings_of_every_schedule",
    "harness/explorer/proxy/tests/test_same_in_both_gates.py::test_planted_guard_is_the_same_in_both_gates",
    "harness/explorer/tests/test_shrink.py::test_nothing_can_be_taken_out_of_the_schedule_of_a_planted_guard",
    "harness/subjects/tests/test_planted.py::test_planted_guard_is_caught_by_the_checker_that_must_catch_it",
)
FILES = tuple(check.partition("::")[0] for check in CHECKS)


def _collected(*words: str) -> dict[str, set[str]]:
    """Return the planted guards that each check takes."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-m", "in_turn", *words]
    seen = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    taken = re.findall(r"^(\S+?)\[(\w+)\]$", seen.stdout, re.MULTILINE)
    return {check: {name for where, name in taken if where == check} for check in CHECKS}


def test_the_shares_of_four_checks_are_everything() -> None:
    """None is taken twice, and none is left out."""
    taken = _collected(*FILES)
    assert all(taken.values())
    assert sorted(name for names in taken.values() for name in names) == sorted(PLANTED)


def test_what_is_left_out_is_the_rest() -> None:
    """A run without options and one of what it leaves out take each test once, also one that takes long."""
    plain, left, everything = (_counted(*words, FILES[0]) for words in ((), ("--left-out",), ("--thorough",)))
    assert plain
    assert left
    assert plain + left == everything
    assert max(everything.values()) == 1


def test_what_takes_long_begins_first() -> None:
    """Wherever it stands in its file."""
    long = _counted("--thorough", "-m", "takes_long", FILES[0])
    left = list(_counted("--left-out", FILES[0]))
    assert long
    assert set(left[: len(long)]) == set(long)
    assert left[len(long) :]


def _counted(*words: str) -> Counter[str]:
    """Return how often each test is collected, in their order."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *words]
    seen = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return Counter(line for line in seen.stdout.splitlines() if "::" in line)


def test_each_takes_everything_that_it_is_asked_for() -> None:
    """All of it with the option, and a single test that is named though it is another one's turn."""
    assert _collected("--thorough", *FILES) == {check: set(PLANTED) for check in CHECKS}
    name = list(PLANTED)[1]
    assert _collected(f"{CHECKS[0]}[{name}]")[CHECKS[0]] == {name}
