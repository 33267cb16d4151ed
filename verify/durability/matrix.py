"""The confusion matrix of the validator: its word before the crash, against what was there after it.

Must never call a cell kept whose crash left no witness. The verdict is INVALID if a forbidden cell exists:

- OK, yet something acknowledged was lost, an effect landed twice, or the guard got no claim through in calm.
- WARNING, yet acknowledged writes were lost by ordinary work or a crash of the process: that is what CRITICAL says.
- CRITICAL without a loss by those, a refusal, or a cited reason; WARNING without any loss or a cited reason.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from verify.durability.cell import ORDINARY, Level
from verify.durability.cited import CITED
from verify.history import at_most_once, nothing_lost
from verify.history.history import History, MalformedHistoryError
from verify.history.judgement import ListedFinding
from verify.history.partition import partition
from verify.history.words import Outcome, Verdict, merge

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from verify.durability.cell import Configuration, Measured
    from verify.history.events import Event
    from verify.history.judgement import Judgement

NAME = "durability_matrix"
CLAIM = "What the validator calls OK loses nothing, and what it flags is flagged with a reason."


class Fate(StrEnum):
    """What became of a cell."""

    KEPT = "kept"
    """All that was acknowledged was there afterwards, once at the venue."""
    REFUSED = "refused"
    """The guard got no claim through even in calm, so that nothing of it could be lost."""
    LOST = "lost"
    """An acknowledged write was gone, or an acknowledged effect is not in the book."""
    DUPLICATED = "duplicated"
    """An effect landed twice."""
    UNKNOWN = "unknown"
    """Nothing shows that the crash happened, or nothing was acknowledged that could have been lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtTheVenue:
    """What the guard let through, by the checkers.

    Attributes:
        duplicates: Keys that landed more than once.
        losses: Orders that were acknowledged and are not in the book.
        unanswered: Orders whose last delivery was refused: safe, and waiting for an operator.
    """

    duplicates: int
    losses: int
    unanswered: int


def at_the_venue(events: Sequence[Event]) -> AtTheVenue:
    """Return what the checkers find in the history of one cell.

    Raises:
        MalformedHistoryError: The events are no history.
    """
    duplicates = 0
    losses: set[str] = set()
    unanswered: set[str] = set()
    for piece in partition(events):
        history = History(piece.events, piece.positions)
        duplicates += len(at_most_once.check(history))
        operations = {operation.number: operation for operation in history.operations}
        for finding in nothing_lost.check(history):
            operation = operations[finding.operations[0]]
            (losses if operation.outcome is Outcome.OK else unanswered).add(operation.key)
    return AtTheVenue(duplicates=duplicates, losses=len(losses), unanswered=len(unanswered))


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedCell:
    """A cell with what its history shows."""

    cell: Measured
    venue: AtTheVenue

    @property
    def fate(self) -> Fate:
        """What became of it, the worst first."""
        cell = self.cell
        if not cell.witness:
            return Fate.UNKNOWN
        if self.venue.duplicates:
            return Fate.DUPLICATED
        if cell.kept < cell.acknowledged or self.venue.losses:
            return Fate.LOST
        if not cell.in_calm:
            return Fate.REFUSED
        return Fate.KEPT if cell.acknowledged else Fate.UNKNOWN

    @property
    def said(self) -> str:
        """What was measured, in words."""
        cell, venue = self.cell, self.venue
        words = [f"{cell.kept} of {cell.acknowledged} acknowledged writes kept"]
        words += [f"{venue.duplicates} orders landed twice"] if venue.duplicates else []
        words += [f"{venue.losses} acknowledged orders not in the book"] if venue.losses else []
        words += ["no claim was answered in calm"] if not cell.in_calm else []
        return ", ".join(words)

    def to_object(self) -> dict[str, Any]:
        """Return the row of the report."""
        cell, venue = self.cell, self.venue
        return {
            "cell": cell.name,
            "configuration": cell.configuration.name,
            "crash": cell.crash.value,
            "word": cell.word.level.value,
            "flags": [f"{check}: {when} ({level})" for check, level, when in cell.word.flags],
            "fate": self.fate.value,
            "acknowledged": cell.acknowledged,
            "kept": cell.kept,
            "orders": cell.orders,
            "done": cell.done,
            "duplicates": venue.duplicates,
            "losses": venue.losses,
            "unanswered": venue.unanswered,
            "witness": cell.witness,
        }


def judge_lattice(
    judgement: Judgement, cells: Sequence[Measured], histories: Mapping[int, Sequence[Event]]
) -> tuple[Judgement, dict[str, Any]]:
    """Return the judgement of the histories with what the matrix adds, and the object of the matrix.

    Args:
        judgement: What the checkers say of the histories.
        cells: What was measured.
        histories: The events of each cell, by the number of its history.
    """
    judged: list[JudgedCell] = []
    missing: list[str] = []
    for cell in cells:
        try:
            judged.append(JudgedCell(cell=cell, venue=at_the_venue(histories[cell.history])))
        except (KeyError, MalformedHistoryError) as error:
            missing.append(f"cell {cell.name} has no readable history: {error}")
    forbidden = list(_forbidden(judged))
    reasons = (*judgement.reasons, *missing, *_unknown(judged))
    findings = tuple(_finding(each, sentence) for each, sentence in forbidden)
    verdicts = [judgement.verdict]
    verdicts += [Verdict.INVALID] if forbidden else []
    verdicts += [Verdict.UNKNOWN] if reasons else []
    # What nothing_lost finds is counted in the matrix, cell by cell.
    others = tuple(one for one in judgement.findings if one.decides or one.checker != nothing_lost.NAME)
    whole = replace(judgement, verdict=merge(verdicts), reasons=reasons, findings=(*findings, *others))
    return whole, {
        "matrix": matrix(judged),
        "forbidden": [sentence for _, sentence in forbidden],
        "cited": _cited(judged),
        "cells": [each.to_object() for each in judged],
    }


def matrix(judged: Sequence[JudgedCell]) -> dict[str, dict[str, int]]:
    """Return how many cells there are of each word and fate, without empty ones."""
    counted = Counter((each.cell.word.level, each.fate) for each in judged)
    return {
        level.value: {fate.value: counted[level, fate] for fate in Fate if counted[level, fate]}
        for level in Level
        if any(counted[level, fate] for fate in Fate)
    }


def _forbidden(judged: Sequence[JudgedCell]) -> Iterator[tuple[JudgedCell, str]]:
    """Yield each forbidden cell with the sentence that names it."""
    by_configuration: dict[Configuration, list[JudgedCell]] = defaultdict(list)
    for each in judged:
        by_configuration[each.cell.configuration].append(each)
    for cells in by_configuration.values():
        yield from (found for each in cells if (found := _silent(each)) is not None)
        if all(each.fate is not Fate.UNKNOWN for each in cells):
            yield from (found for each in cells[:1] if (found := _false_alarm(each, cells)) is not None)


def _silent(each: JudgedCell) -> tuple[JudgedCell, str] | None:
    level = each.cell.word.level
    is_bad = each.fate in {Fate.LOST, Fate.DUPLICATED, Fate.REFUSED}
    if level is Level.OK and is_bad:
        return each, f"cell {each.cell.name}: the validator said OK, yet {each.said}"
    if level is Level.WARNING and is_bad and each.cell.crash in ORDINARY and each.fate is not Fate.REFUSED:
        return each, f"cell {each.cell.name}: the validator only warned, yet {each.said} in ordinary work"
    return None


def _false_alarm(first: JudgedCell, cells: Sequence[JudgedCell]) -> tuple[JudgedCell, str] | None:
    word = first.cell.word
    bad = [each for each in cells if each.fate is not Fate.KEPT]
    ordinary = [each for each in bad if each.cell.crash in ORDINARY or each.fate is Fate.REFUSED]
    shown = ordinary if word.level is Level.CRITICAL else bad
    is_cited = any(level == word.level and (check, when) in CITED for check, level, when in word.flags)
    if word.level not in {Level.CRITICAL, Level.WARNING} or shown or is_cited:
        return None
    crashes = ", ".join(each.cell.crash for each in cells)
    return first, (
        f"configuration {first.cell.configuration.name}: the validator said {word.level}, but under {crashes} "
        f"nothing {'of that kind ' if bad else ''}was lost or refused, and no source is cited"
    )


def _unknown(judged: Sequence[JudgedCell]) -> Iterator[str]:
    if not judged:
        yield "no cell of the lattice was measured"
    for each in judged:
        if each.fate is Fate.UNKNOWN:
            lack = "nothing was acknowledged" if each.cell.witness else "nothing shows that the crash happened"
            yield f"cell {each.cell.name}: {lack}"
        if each.cell.word.level is Level.UNKNOWN:
            yield f"cell {each.cell.name}: the validator could not see the server"


def _cited(judged: Sequence[JudgedCell]) -> dict[str, str]:
    """Return the cited reasons of the flags that were raised."""
    raised = {(check, when) for each in judged for check, _, when in each.cell.word.flags}
    return {f"{check}: {when}": reason for (check, when), reason in CITED.items() if (check, when) in raised}


def _finding(each: JudgedCell, sentence: str) -> ListedFinding:
    return ListedFinding(
        checker=NAME,
        verdict=Verdict.INVALID,
        promised=True,
        outside="",
        sentence=sentence,
        schedule=f"cell: {each.cell.name}",
        faults=(each.cell.crash.value,),
        phase="",
        needs_faults=True,
        histories=1,
        schedules=1,
    )
