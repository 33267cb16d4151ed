"""What a storm left open, read from what its workers wrote: calls without an answer, orders that are not settled.

Looks at one bucket after the other, so that memory does not grow with the storm.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.storm.recording import as_line
from harness.storm.workload import Order, order_of
from verify.history.events import Died
from verify.history.words import Outcome

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from harness.storm.recording import Recording

_CALLS = (b'{"event":"invoke"', b'{"event":"complete"')


@dataclass(slots=True)
class Left:
    """What is to be delivered again.

    Attributes:
        unsettled: Orders whose last delivery was not answered OK, nor with a conflict.
        settled: Some of the others, at most as many as were asked for: a job queue delivers done jobs again, too.
        seen_settled: How many others there are.
        operations: Calls of the workers.
        open: Those that were never answered.
        cut_off: Those of them whose worker process was neither killed nor lost: the storm ended before they did.
    """

    unsettled: list[Order] = field(default_factory=list)
    settled: list[Order] = field(default_factory=list)
    seen_settled: int = 0
    operations: int = 0
    open: int = 0
    cut_off: int = 0

    @property
    def orders(self) -> list[Order]:
        """All of them."""
        return [*self.unsettled, *self.settled]


@dataclass(slots=True)
class _Calls:
    """The calls of one bucket."""

    invoked: dict[int, dict[str, Any]] = field(default_factory=dict)
    answered: dict[int, dict[str, Any]] = field(default_factory=dict)

    def take(self, stored: dict[str, Any]) -> None:
        (self.invoked if stored["event"] == "invoke" else self.answered)[stored["op"]] = stored


def survey(
    folder: Path,
    buckets: int,
    deaths: Mapping[int, int],
    writing: Recording,
    draw: random.Random,
    *,
    ended_ns: int,
    most_settled: int,
) -> Left:
    """Return what is open, and write down the deaths of the processes of open calls.

    Args:
        folder: Where the workers wrote.
        buckets: How many buckets there are.
        deaths: When worker processes that were killed or lost were gone, by number.
        writing: Where deaths are written.
        draw: Chooses among what is settled.
        ended_ns: When all the others were gone.
        most_settled: How many of these are delivered again.
    """
    left = Left()
    for bucket in range(buckets):
        calls = _Calls()
        for path in sorted(folder.glob(f"{bucket:03d}.w*.jsonl")):
            for stored in _read_calls(path):
                calls.take(stored)
        left.operations += len(calls.invoked)
        for op in calls.invoked.keys() - calls.answered.keys():
            process = calls.invoked[op]["process"]
            number = int(process.partition(".")[0].removeprefix("w"))
            writing.put(bucket, as_line(Died(process=process, at_ns=deaths.get(number, ended_ns))))
            left.open += 1
            left.cut_off += number not in deaths
        _sort_out(calls, left, draw, most_settled)
    return left


def _sort_out(calls: _Calls, left: Left, draw: random.Random, most_settled: int) -> None:
    last: dict[tuple[str, str], dict[str, Any]] = {}
    for stored in sorted(calls.invoked.values(), key=lambda each: int(each["at_ns"])):
        last[stored["key"], stored["payload"]] = stored
    for stored in last.values():
        order = order_of(stored["key"], stored["payload"], stored["delivery"])
        answer = calls.answered.get(stored["op"], {})
        if answer.get("outcome") != Outcome.OK and answer.get("word") != "conflict":
            left.unsettled.append(order)
            continue
        # Each of n settled orders is in a sample of m with the same chance m/n (Vitter's reservoir).
        left.seen_settled += 1
        if len(left.settled) < most_settled:
            left.settled.append(order)
        elif (at := draw.randrange(left.seen_settled)) < most_settled:
            left.settled[at] = order


def _read_calls(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as lines:
        for line in lines:
            if line.startswith(_CALLS) and line.endswith(b"\n"):
                yield json.loads(line)
