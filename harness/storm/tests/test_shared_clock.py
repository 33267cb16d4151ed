"""What another machine wrote is dated so that nobody is accused by what two clocks cannot know."""

from __future__ import annotations

import json

from harness.storm.recording import as_line
from harness.storm.shared_clock import Difference, measure
from harness.storm.tests.written import executed, key_of


def test_the_quickest_answer_counts() -> None:
    """The difference is known to half of the shortest time that asking took."""
    delays = iter([50, 8, *[90] * 20])
    now = 1_000

    def now_ns() -> int:
        return now

    def ask_ns() -> int:
        nonlocal now
        delay = next(delays)
        now += delay
        return now - delay // 2 + 7_000

    seen = measure(now_ns, ask_ns)
    assert (seen.ahead_ns, seen.error_ns) == (7_000, 4)


def test_difference_holds_what_two_measurements_leave_open() -> None:
    """A clock that drifts is known less well than each measurement says."""
    assert Difference(100, 10).widened(Difference(140, 5)) == Difference(117, 28)
    assert Difference(100, 10).widened(Difference(100, 10)) == Difference(100, 10)


def test_calls_are_early_and_answers_are_late() -> None:
    """An effect that landed between its request and its reply still does, whatever the error."""
    events, landed = executed(1, 1, key_of(1), 1_000)
    difference = Difference(50_000, 150)
    times = [json.loads(difference.dated(as_line(event)[:-1]))["at_ns"] for event in events]
    assert times == [51_000 - 150, 51_100 - 150, 51_300 + 150, 52_000 + 150]
    for wrong in range(-150, 151, 50):
        assert times[1] <= (landed.at_ns or 0) + 50_000 + wrong <= times[2]


def test_the_same_machine_needs_nothing() -> None:
    """A line stays as it is, and so does one without a time."""
    line = as_line(executed(1, 1, key_of(1), 1_000)[1])[:-1]
    assert Difference().dated(line) == line
    assert Difference(5, 5).dated(b'{"event":"x"}') == b'{"event":"x"}'
