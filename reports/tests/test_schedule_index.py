"""The index of schedules forgets nothing and keeps little."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from reports.schedule_index import Explored, Numbers, ScheduleIndex
from verify.run_layout import EXPLORED

if TYPE_CHECKING:
    from pathlib import Path

MANY = 50_000
MOST_BYTES = 40


def _index(folder: Path, lines: list[str]) -> ScheduleIndex:
    (folder / EXPLORED).parent.mkdir()
    (folder / EXPLORED).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return ScheduleIndex(folder)


@given(st.lists(st.tuples(st.integers(-5, 10**12) | st.integers(0, 200_000), st.integers(0, 2**63)), max_size=50))
def test_numbers_hold_what_was_put_into_them(pairs: list[tuple[int, int]]) -> None:
    """As a dictionary would, wherever the numbers lie."""
    numbers, plain = Numbers(), {}
    for number, value in pairs:
        numbers[number] = plain[number] = value
    assert {number: numbers[number] for number in plain} == plain
    assert list(numbers) == sorted(number for number, value in plain.items() if value)
    assert numbers[10**13] == 0


def test_the_simplest_of_several_schedules_is_found(tmp_path: Path) -> None:
    """Fewest faults, then fewest preemptions, then the shortest, whatever their order in the file."""
    index = _index(
        tmp_path,
        ["2\t0\tsame: w0!crash_before", "1\t3\tsame: w0 w1", "2\t5\tsame: w0 w1 w0", "2\t1\tsame: w0", "nonsense"],
    )
    with index.opened() as lines:
        assert index.simplest(1, lines) == Explored.from_line("same: w0 w1", 3)
        assert index.simplest(2, lines) == Explored.from_line("same: w0", 1)
        assert index.simplest(3, lines) is None
    assert (index.counts[1], index.counts[2], index.schedules) == (1, 3, 4)
    assert index.problems == [f"line 5 of {EXPLORED} is no schedule"]


def test_a_history_costs_a_few_bytes(tmp_path: Path) -> None:
    """An exploration may have millions, and an auditor's machine is small."""
    lines = [f"{number}\t0\tsame: w0 w1 w0 w1 w0!reply_lost w1 r1 r1" for number in range(1, MANY + 1)]
    tracemalloc.start()
    try:
        index = _index(tmp_path, lines)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert index.schedules == MANY
    assert kept / MANY < MOST_BYTES
