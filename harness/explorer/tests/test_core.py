"""On which core an exploration runs: the one that the fewest others have taken, whatever the process ids are."""

from __future__ import annotations

import os

from harness.explorer.gate.placement import on_one_core, seat_of


def test_cores_are_taken_in_turn() -> None:
    """Nobody shares a core while another one is less taken, and what is let go is taken again."""
    cores = [1_000 + 10 * os.getpid(), 1_001 + 10 * os.getpid()]
    with seat_of(cores) as first:
        with seat_of(cores) as second, seat_of(cores) as third:
            assert [first, second, third] == [*cores, cores[0]]
        with seat_of(cores) as again:
            assert again == second


def test_a_process_keeps_to_one_core_for_a_while() -> None:
    """It keeps to one, says which are left, and has all of them again afterwards."""
    before = os.sched_getaffinity(0)
    with on_one_core(os.getpid()) as left:
        taken = os.sched_getaffinity(0)
        assert len(taken) == 1
        assert taken | left == before
    with on_one_core(os.getpid(), alone=False) as left:
        assert not left
    assert os.sched_getaffinity(0) == before
