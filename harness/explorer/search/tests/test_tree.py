"""The reduced search runs a schedule of every class, and the full search runs every schedule; seen on toy systems."""

from __future__ import annotations

from math import comb, factorial
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.explorer.search.footprint import NOTHING, footprint
from harness.explorer.search.races import Event
from harness.explorer.search.tests.toys import Op, Toy, explore
from harness.explorer.search.tree import Node, Ran, Tree

if TYPE_CHECKING:
    from harness.explorer.search.tests.toys import Class

OPS = st.builds(Op, st.sampled_from(["read", "write", "claim"]), st.sampled_from("kx"), st.sampled_from([0, 1]))
PROFILE = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)


@st.composite
def toys(draw: st.DrawFn) -> Toy:
    """Draw a system that is small enough to run every schedule of."""
    workers = draw(st.integers(2, 3))
    steps = st.lists(OPS, min_size=1, max_size=3 if workers == 2 else 2)
    programs = {f"w{number}": tuple(draw(steps)) for number in range(workers)}
    faults = draw(st.integers(0, 2 if workers == 2 else 1))
    return Toy(programs, faults, jumps=draw(st.booleans()))


@PROFILE
@given(toys())
def test_reduced_search_meets_every_class(toy: Toy) -> None:
    """One after the other: the classes of the reduced search are those of all schedules, faults included."""
    assert set(explore(toy, reduces=True).classes) == set(explore(toy, reduces=False).classes)


@PROFILE
@given(toys(), st.integers(2, 40), st.integers(0, 1000))
def test_reduced_search_meets_every_class_whatever_comes_back_first(toy: Toy, window: int, disorder: int) -> None:
    """Side by side, and back in any order: still every class."""
    reduced = explore(toy, reduces=True, window=window, disorder=disorder)
    assert set(reduced.classes) == set(explore(toy, reduces=False).classes)


@PROFILE
@given(toys(), st.integers(2, 40), st.integers(0, 1000), st.booleans())
def test_schedules_do_not_depend_on_what_comes_back_first(
    toy: Toy, window: int, disorder: int, reduces: bool
) -> None:
    """The schedules that are given out, and their order, are the same however long each takes."""
    one = explore(toy, reduces=reduces, window=window, disorder=disorder)
    other = explore(toy, reduces=reduces, window=window, disorder=disorder + 1)
    assert one.schedules == other.schedules


@PROFILE
@given(toys(), st.integers(1, 40))
def test_full_search_runs_every_schedule_once(toy: Toy, window: int) -> None:
    """No schedule is run twice, and none is cut short."""
    full = explore(toy, reduces=False, window=window)
    assert len(set(full.schedules)) == len(full.schedules) == sum(full.classes.values())
    assert full.blocked == 0


@st.composite
def crews(draw: st.DrawFn) -> Toy:
    """Draw a system of workers with the same steps, and perhaps one with others, that tells who is like whom."""
    alike, workers = draw(st.sampled_from([(2, 2), (2, 3), (3, 3)]))
    steps = st.lists(OPS, min_size=1, max_size=3 if workers == alike == 2 else 2)
    programs = dict.fromkeys(("w0", "w1", "w2")[:alike], tuple(draw(steps)))
    if workers > alike:
        programs["w2"] = tuple(draw(steps))
    return Toy(programs, draw(st.integers(0, 2 if workers == 2 else 1)), jumps=draw(st.booleans()), likens=True)


@settings(PROFILE, max_examples=30)
@given(crews(), st.integers(1, 40), st.integers(0, 1000))
def test_workers_that_are_alike_are_tried_once(toy: Toy, window: int, disorder: int) -> None:
    """Every class is met, but for who of those with the same steps did what in it."""
    reduced, full = explore(toy, reduces=True, window=window, disorder=disorder), explore(toy, reduces=False)
    assert set(reduced.classes) == set(full.classes)
    assert reduced.ends == full.ends


@pytest.mark.parametrize("workers", [2, 3, 4])
def test_who_of_several_comes_first_is_tried_once(workers: int) -> None:
    """One claims, the others find it taken: where nobody could tell who it was there is one schedule."""
    program = (Op("read", "x"), Op("claim", "k"))
    alike, apart = (
        explore(Toy({f"w{number}": program for number in range(workers)}, likens=likens), reduces=True)
        for likens in (True, False)
    )
    assert len(alike.schedules) - alike.blocked == 1
    assert len(apart.schedules) == workers
    assert set(alike.classes) == set(apart.classes)


def test_what_one_is_wanted_for_is_tried_for_whom_it_is_like() -> None:
    """A race asks for the third worker first; the second one would do the same there."""
    tree = Tree()
    first = tree.take()
    assert first is not None
    changes = footprint(writes=frozenset("k"))
    path = [Node(("w0", "w1", "w2"), "w0", alike=(("w2", "w1"),)), Node(("w2", "w1"), "w2"), Node(("w1",), "w1")]
    touched = [("w0", changes), ("w2", changes), ("w1", NOTHING)]
    events = [Event(name, name, number, seen) for number, (name, seen) in enumerate(touched)]
    tree.give_back(first, Ran(path=path, events=events))
    wanted = tree.take()
    assert wanted is not None
    assert wanted.prefix == ("w1",)


def guarded(workers: int) -> Toy:
    """Return workers of which the winner of a claim goes on with two writes, and the others read twice."""
    program = (Op("claim", "k", 2), Op("write", "e"), Op("write", "k", 0), Op("read", "k"), Op("read", "k"))
    # The winner's last two reads are its own business: cut them off by a program that ends there.
    return Toy({f"w{number}": program for number in range(workers)})


@pytest.mark.parametrize(("workers", "steps"), [(2, 3), (3, 2), (3, 3)])
def test_full_search_counts_interleavings(workers: int, steps: int) -> None:
    """Processes of so many steps each are interleaved in (n * s)! / s!^n ways."""
    toy = Toy({f"w{number}": (Op("read", "k"),) * steps for number in range(workers)})
    schedules = factorial(workers * steps) // factorial(steps) ** workers
    assert len(explore(toy, reduces=False).schedules) == schedules


@pytest.mark.parametrize("workers", [2, 3, 4])
def test_processes_that_share_nothing_are_run_once(workers: int) -> None:
    """Where no step of one can be noticed by another there is one class, and one schedule."""
    toy = Toy({f"w{number}": (Op("write", f"k{number}"),) * 3 for number in range(workers)})
    assert len(explore(toy, reduces=True).schedules) == 1


def test_processes_that_share_everything_are_run_in_every_order() -> None:
    """Where every pair of steps conflicts nothing can be saved."""
    toy = Toy({"w0": (Op("write", "k"),) * 3, "w1": (Op("write", "k"),) * 3})
    assert len(explore(toy, reduces=True).schedules) == comb(6, 3)


def test_no_schedule_is_run_in_vain_where_no_fault_strikes() -> None:
    """Three guarded processes: one schedule of each class, none twice, none cut short."""
    reduced = explore(guarded(3), reduces=True)
    assert reduced.blocked == 0
    assert len(reduced.schedules) == len(reduced.classes) < len(explore(guarded(3), reduces=False).schedules) / 20


def test_classes_that_are_merged_are_told_apart_where_a_footprint_is_missing() -> None:
    """The instrument: a reduction that took every pair of steps for independent would lose classes."""
    toy = Toy({"w0": (Op("write", "k"),), "w1": (Op("write", "k"),)})
    classes: set[Class] = set(explore(toy, reduces=False).classes)
    assert len(classes) == 2
