"""A shrunk schedule still shows what it was explored for, and nothing can be taken out of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from harness.explorer.search.shrinking import Attempt, Course, detours_of, shrink
from harness.explorer.search.tests.neighbours import size_of, smaller_neighbours
from harness.explorer.search.tests.toys import Op, Toy, explore
from harness.explorer.search.tree import Node, Unit
from verify.decisions import struck_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from harness.explorer.search.tests.toys import Class

CLAIMS = [Op("claim", "lock", skips=1), Op("write", "book")]
LOOKS = [Op("read", "seen", skips=2), Op("write", "book"), Op("write", "seen")]


@dataclass(slots=True)
class _Case:
    toy: Toy
    shows: Callable[[Class], bool]


def _replies(seen: Class, word: str) -> list[object]:
    return [reply for decision, reply in seen if decision == word]


def _both_claimed(seen: Class) -> bool:
    """Both took the lock: their first step won it."""
    return all(True in _replies(seen, name) for name in ("w0", "w1"))


def _both_saw_nothing(seen: Class) -> bool:
    return all(_replies(seen, name)[:1] == [None] for name in ("w0", "w1"))


def _late_write_came_last(seen: Class) -> bool:
    words = [decision for decision, _ in seen]
    return any(word.startswith("late(") for word in words[-2:])


CASES = {
    "race": _Case(Toy({"w0": LOOKS, "w1": LOOKS, "w2": LOOKS}), _both_saw_nothing),
    "jump": _Case(Toy({"w0": CLAIMS, "w1": CLAIMS}, faults=2, jumps=True), _both_claimed),
    "late": _Case(Toy({"w0": CLAIMS, "w1": LOOKS}, faults=1), _late_write_came_last),
    "race and fault": _Case(
        Toy({"w0": LOOKS, "w1": LOOKS}, faults=2),
        lambda seen: _both_saw_nothing(seen) and any(decision == "w1!crash_before" for decision, _ in seen),
    ),
}


def _run(case: _Case, decisions: Sequence[str], more_faults: int = 0) -> Attempt:
    """Run a schedule of a toy; it ends before a word that cannot be decided."""
    faults = sum(struck_kind(word) != "" for word in decisions) + more_faults
    toy = replace(case.toy, faults=faults)
    course = Course(tuple(decisions), (), more_faults)
    for known in range(len(decisions), -1, -1):
        try:
            ended = toy.run(Unit(tuple(decisions[:known]), {}))
        except AssertionError:
            continue
        if known < len(decisions):
            return Attempt(course, ended.path[:known], shows=False)
        return Attempt(course, ended.path, shows=ended.is_whole and case.shows(ended.seen()[0]))
    raise AssertionError(decisions)


def _shrunk(case: _Case, decisions: Sequence[str]) -> Attempt:
    best, is_smallest = shrink(
        lambda course: _run(case, course.decisions, course.more_faults), Course(tuple(decisions), ())
    )
    assert is_smallest
    return best


@pytest.mark.parametrize("name", CASES)
def test_nothing_can_be_taken_out_of_what_was_shrunk(name: str) -> None:
    """Of every schedule that shows it; a neighbour with one word less that is smaller does not show it."""
    case = CASES[name]
    showing = [decisions for decisions in explore(case.toy, reduces=False).schedules if _run(case, decisions).shows]
    assert showing
    for decisions in showing[:: max(1, len(showing) // 50)]:
        best = _shrunk(case, decisions)
        assert best.shows
        assert _run(case, best.course.decisions).shows
        assert size_of(best.path) <= size_of(_run(case, decisions).path)
        neighbours = list(smaller_neighbours(lambda words: _run(case, words), best.course.decisions))
        assert not [[node.taken for node in each.path] for each in neighbours if each.shows], best.course.decisions


def test_what_goes_on_by_itself_is_left_out() -> None:
    """One switch is all that the race needs, wherever the others went before."""
    case = CASES["race"]
    best = _shrunk(case, ["w2", "w0", "w1", "w1", "w1", "w0", "w0", "w2"])
    assert best.course.decisions == ("w0", "w1")


def test_fewer_faults_come_before_fewer_switches() -> None:
    """A fault that can be had without costs any number of switches less."""
    case = _Case(Toy({"w0": LOOKS, "w1": LOOKS}, faults=1), _both_saw_nothing)
    explored = ["w0", "w1", "w1!request_lost", "w1", "w0", "w0"]
    assert _run(case, explored).shows
    best = _shrunk(case, explored)
    assert size_of(best.path) == (0, 1)


def test_schedule_that_does_not_show_it_again_comes_back_as_it_is() -> None:
    """Nothing is made of what was seen once and not again."""
    case = _Case(CASES["race"].toy, lambda _: False)
    explored = ("w0", "w1")
    best, is_smallest = shrink(lambda course: _run(case, course.decisions, course.more_faults), Course(explored, ()))
    assert (best.course.decisions, best.shows, is_smallest) == (explored, False, False)


@pytest.mark.parametrize("most_runs", [1, 2, 3, 5])
def test_bound_on_runs_is_kept_and_the_smallest_so_far_comes_back(most_runs: int) -> None:
    """It still shows what is looked for, and is not called smallest."""
    case, runs = CASES["race"], []

    def run(course: Course) -> Attempt:
        runs.append(course)
        return _run(case, course.decisions, course.more_faults)

    best, is_smallest = shrink(run, Course(("w2", "w0", "w1", "w2", "w1"), ()), most_runs)
    assert len(runs) == most_runs
    assert best.shows
    assert not is_smallest


def test_no_course_is_run_twice() -> None:
    """What is known is not asked again."""
    case, runs = CASES["jump"], Counter[Course]()

    def run(course: Course) -> Attempt:
        runs[course] += 1
        return _run(case, course.decisions, course.more_faults)

    showing = [each for each in explore(case.toy, reduces=False).schedules if _run(case, each).shows]
    shrink(run, Course(max(showing, key=len), ()))
    assert set(runs.values()) == {1}


def test_strike_at_a_process_that_was_not_next_is_two_detours() -> None:
    """The process goes on, and is struck."""
    path = [Node(("w0", "w1", "w0!crash_before", "w1!crash_before"), "w1!crash_before")]
    assert [detour.word for detour in detours_of(path)] == ["w1", "w1!crash_before"]
