"""Schedules that came to the same are gone on from once, and nothing is missed for it; seen on toy systems."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.explorer.search.footprint import NOTHING, footprint
from harness.explorer.search.races import Event
from harness.explorer.search.tests.test_tree import OPS, PROFILE
from harness.explorer.search.tests.toys import Op, Toy, explore
from harness.explorer.search.tree import Node, Ran, Tree


@st.composite
def toys(draw: st.DrawFn) -> Toy:
    """Draw a system in two parts that is small enough to run every schedule of."""
    first, second, third = (tuple(draw(st.lists(OPS, min_size=1, max_size=most))) for most in (2, 1, 1))
    return Toy({"w0": first, "w1": second}, 2, jumps=draw(st.booleans()), second={"r1": third}, merges=True)


@settings(PROFILE, max_examples=25)
@given(toys(), st.integers(1, 40), st.integers(0, 1000))
def test_merging_misses_no_end(toy: Toy, window: int, disorder: int) -> None:
    """Two faults anywhere, late steps across the two parts: every end of every schedule is met."""
    merged = explore(toy, reduces=True, window=window, disorder=disorder)
    assert merged.ends == explore(toy, reduces=False).ends


def test_late_step_may_wait_although_another_has_to_land() -> None:
    """One late step lands before the other worker's step, the other one after the second part has begun."""
    claims = {"w0": (Op("write", "k"), Op("claim", "x")), "w1": (Op("write", "x"),)}
    toy = Toy(claims, 2, second={"r1": (Op("read", "k"),)})
    reduced = explore(toy, reduces=True)
    wanted = {"w0!late_request", "w1!late_request"}
    ends = [each[-5:] for each in reduced.schedules if wanted <= set(each)]
    assert ("late(w1.0)", "w0", "go-on", "r1", "late(w0.0)") in ends
    assert reduced.ends == explore(toy, reduces=False).ends


def test_late_step_lands_first_too_where_what_follows_is_tried_elsewhere() -> None:
    """No race of the schedules that are run asks for it: those in which it would come are not gone on from."""
    claims = {"w0": (Op("read", "k"),), "w1": (Op("claim", "k"), Op("write", "k"))}
    toy = Toy(claims, 2, jumps=True, second={"r1": (Op("write", "k"),)}, merges=True)
    assert explore(toy, reduces=True).ends == explore(toy, reduces=False).ends


def test_merging_saves_schedules() -> None:
    """Who died before its only step, and whose only step was lost, leave the same behind."""
    workers = {"w0": (Op("read", "k"),), "w1": (Op("write", "k"),)}
    toy = Toy(workers, 2, second={"r1": (Op("write", "k"),)}, merges=True)
    merged, apart = (explore(replace(toy, merges=merges), reduces=True) for merges in (True, False))
    assert merged.merged > apart.merged == 0
    assert len(merged.schedules) < len(apart.schedules)
    assert merged.ends == apart.ends


@pytest.mark.parametrize(("looked_at", "merged"), [("", 1), ("k", 0)])
def test_faults_that_looked_at_other_things_are_not_merged(looked_at: str, merged: int) -> None:
    """They leave the same behind, but a step that comes later may trade places with only one of them."""
    tree = Tree()
    more = footprint(reads=frozenset((looked_at,))) if looked_at else NOTHING
    touched = {"w0": NOTHING, "w0!request_lost": NOTHING, "w0!reply_lost": more}
    while (unit := tree.take()) is not None:
        taken = unit.prefix[0] if unit.prefix else "w0"
        came_to = b"nothing is left" if "!" in taken else b""
        events = [Event("w0", taken, 0, touched[taken])]
        tree.give_back(unit, Ran(path=[Node(tuple(touched), taken)], events=events, came_to=came_to))
    assert tree.merged == merged
