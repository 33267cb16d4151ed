"""Scores the checkers: good histories are changed by one event at a time, and what nobody notices is explained.

A mutant is *noticed* where it is no longer VALID. One that is not noticed is legal for a reason that is given
(:mod:`verify.history.legality`), or it is listed as not noticed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from verify.history.judge import judge_history
from verify.history.legality import why_legal
from verify.history.mutants import Operation, mutants_of
from verify.history.words import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from verify.history.events import Event
    from verify.history.judge import HistoryVerdict
    from verify.history.mutants import Mutant
    from verify.history.promises import Promise


class Recorded:
    """The good histories that were recorded under one promise: whether one is among them, and no more of them."""

    def __init__(self) -> None:
        self._hashes: set[int] = set()

    def add(self, events: Sequence[Event]) -> None:
        """Take a history down."""
        self._hashes.add(hash(tuple(events)))

    def __contains__(self, events: object) -> bool:
        """Say whether exactly this was recorded."""
        return hash(events) in self._hashes


@dataclass(slots=True)
class Score:
    """What came of all mutants so far.

    Attributes:
        histories: Good histories that were changed.
        made: Mutants by operation.
        noticed: Those that were noticed, by operation.
        by: Those by the first checker that decides; ``record`` for a history that cannot be read any more.
        legal: Those that nobody noticed and that are legal, by the reason.
        unnoticed: The others, by what was done.
        examples: One of each of them.
    """

    histories: int = 0
    made: Counter[str] = field(default_factory=Counter)
    noticed: Counter[str] = field(default_factory=Counter)
    by: Counter[str] = field(default_factory=Counter)
    legal: Counter[str] = field(default_factory=Counter)
    unnoticed: Counter[str] = field(default_factory=Counter)
    examples: dict[str, dict[str, Any]] = field(default_factory=dict)

    def take(self, events: Sequence[Event], promise: Promise, recorded: Recorded, *, where: str) -> None:
        """Make and judge every mutant of a history; one that is not VALID itself is left alone.

        Args:
            events: The history.
            promise: What it is judged by.
            recorded: The good histories under that promise.
            where: What an example calls the history.
        """
        verdict = judge_history(events, promise)
        if verdict.verdict is not Verdict.VALID:
            return
        self.histories += 1
        beside = _checkers(verdict)
        for mutant in mutants_of(events):
            self.made[mutant.operation] += 1
            judged = judge_history(mutant.events, promise)
            if judged.verdict is not Verdict.VALID:
                self.noticed[mutant.operation] += 1
                self.by[next(found.checker for found, decides in judged.findings if decides)] += 1
            elif reason := why_legal(mutant, _checkers(judged), beside=beside, recorded=recorded, promise=promise):
                self.legal[reason] += 1
            else:
                self.unnoticed[mutant.words] += 1
                self.examples.setdefault(mutant.words, _example(mutant, where))

    def to_object(self) -> dict[str, Any]:
        """Return it as a JSON object; the most frequent come first."""
        return {
            "schema": 1,
            "histories": self.histories,
            "mutants": self.made.total(),
            "noticed": self.noticed.total(),
            "legal": self.legal.total(),
            "not_noticed": self.unnoticed.total(),
            "operations": {
                str(each): {"mutants": self.made[each], "noticed": self.noticed[each]} for each in Operation
            },
            "noticed_by": dict(_by_number(self.by)),
            "legal_because": dict(_by_number(self.legal)),
            "not_noticed_at": [
                {"what": what, "mutants": number, "example": self.examples[what]}
                for what, number in _by_number(self.unnoticed)
            ],
        }


def _checkers(verdict: HistoryVerdict) -> frozenset[str]:
    return frozenset(found.checker for found, _ in verdict.findings)


def _by_number(counted: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))


def _example(mutant: Mutant, where: str) -> dict[str, Any]:
    return {"history": where, "event": mutant.at, "was": getattr(mutant.event, mutant.field, ""), "is": mutant.value}
