"""How fast and how slow a storm was, second by second, from its own history. Information: it decides nothing.

Latencies are counted in classes an eleventh apart, so that memory does not grow with the operations.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_INVOKED = re.compile(rb'^\{"event":"invoke","process":"w[^"]*","op":(\d+).*"at_ns":(\d+)\}')
_ANSWERED = re.compile(
    rb'^\{"event":"complete","process":"w[^"]*","op":(\d+),"outcome":"(\w+)","word":"([^"]*)".*"at_ns":(\d+)\}'
)
_CLASSES_OF_AN_OCTAVE = 7
PERCENTILES = (50, 95, 99)


class Figures:
    """Operations and latencies of the users, by the second in which they were answered."""

    def __init__(self, began_ns: int = 0) -> None:
        """Count seconds from *began_ns*."""
        self._began_ns = began_ns
        self._answers: dict[int, Counter[str]] = defaultdict(Counter)
        self._latencies: dict[int, Counter[int]] = defaultdict(Counter)
        self._first_ns = 0
        self._last_ns = 0

    def take(self, lines: Iterable[bytes]) -> None:
        """Count the operations of one bucket; each stands there from its call to its answer."""
        invoked: dict[bytes, int] = {}
        for line in lines:
            if call := _INVOKED.match(line):
                invoked[call[1]] = int(call[2])
            elif answer := _ANSWERED.match(line):
                began_ns, at_ns = invoked.pop(answer[1], None), int(answer[4])
                if began_ns is not None:
                    self._count(b" ".join(filter(None, answer.group(2, 3))).decode(), began_ns, at_ns)

    def _count(self, answer: str, began_ns: int, at_ns: int) -> None:
        second = (at_ns - self._began_ns) // 1_000_000_000
        self._answers[second][answer] += 1
        self._latencies[second][_class_of(at_ns - began_ns)] += 1
        self._first_ns = min(self._first_ns or began_ns, began_ns)
        self._last_ns = max(self._last_ns, at_ns)

    @property
    def seconds(self) -> float:
        """From the first call to the last answer."""
        return (self._last_ns - self._first_ns) / 1e9

    @property
    def answers(self) -> Mapping[str, int]:
        """How often each answer was given, the most frequent first."""
        total: Counter[str] = Counter()
        for counted in self._answers.values():
            total.update(counted)
        return dict(total.most_common())

    def to_object(self) -> dict[str, Any]:
        """Return the figures as a JSON object: in all, and for each second in which something was answered."""
        total: Counter[int] = Counter()
        for counted in self._latencies.values():
            total.update(counted)
        series = [
            {"second": second, "answers": dict(sorted(self._answers[second].items())), **_percentiles(latencies)}
            for second, latencies in sorted(self._latencies.items())
        ]
        return {"answers": self.answers, "seconds": round(self.seconds, 3), **_percentiles(total), "series": series}


def _class_of(nanoseconds: int) -> int:
    return math.floor(math.log2(max(1, nanoseconds)) * _CLASSES_OF_AN_OCTAVE)


def _percentiles(counted: Counter[int]) -> dict[str, float]:
    """Return milliseconds that so many percent of the operations did not exceed, to the width of a class."""
    whole, found = counted.total(), {}
    for percent in PERCENTILES:
        seen = 0
        for each in sorted(counted):
            seen += counted[each]
            if seen * 100 >= whole * percent:
                found[f"p{percent}_ms"] = round(2 ** ((each + 1) / _CLASSES_OF_AN_OCTAVE) / 1e6, 3)
                break
    return found
