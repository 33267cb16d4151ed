"""The lattice as data: what is in it, and by which rules cells are left out."""

from __future__ import annotations

from collections import defaultdict

from harness.durability.lattice import AXES, RULES, configurations, crashes_of, full, smoke
from verify.durability.cell import Configuration, Crash


def test_every_value_of_every_axis_is_measured() -> None:
    """No value is only a word."""
    chosen = configurations()
    measured = (
        {one.append for one in chosen},
        {one.save for one in chosen},
        {one.policy for one in chosen},
        {"yes" if one.limited else "no" for one in chosen},
        {str(one.replicas) for one in chosen},
        {str(one.min_replicas) for one in chosen},
        {one.confirm for one in chosen},
        {crash for _, crash in full()},
    )
    assert [set(values) for values in AXES.values()] == list(measured)


def test_no_cell_is_measured_twice() -> None:
    """Configurations have names of their own, and cells are pairs of their own."""
    assert len({one.name for one in configurations()}) == len(configurations())
    assert len(set(full())) == len(full())


def test_configuration_comes_with_all_that_can_befall_it() -> None:
    """Whoever flags a configuration may mean any of its crashes."""
    for cells in (full(), smoke()):
        befalls = defaultdict(list)
        for configuration, crash in cells:
            befalls[configuration].append(crash)
        assert all(tuple(crashes) == crashes_of(configuration) for configuration, crashes in befalls.items())


def test_impossible_cells_are_left_out() -> None:
    """Nobody takes over without a replica, and nothing is evicted without a limit."""
    for configuration, crash in full():
        assert crash is not Crash.FAILOVER or configuration.replicas
        assert crash is not Crash.MEMORY_PRESSURE or configuration.limited
    assert Crash.FAILOVER in crashes_of(Configuration(replicas=1))
    assert Crash.MEMORY_PRESSURE in crashes_of(Configuration(limited=True))


def test_smoke_lattice_is_a_part_of_the_whole() -> None:
    """It holds no cell that the whole lattice does not know."""
    assert set(smoke()) < set(full())


def test_each_rule_says_why() -> None:
    """A cell is left out for a reason."""
    assert all(rule.leaves_out.endswith(".") and rule.because.endswith(".") for rule in RULES)
