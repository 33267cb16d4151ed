"""Each promise of a judged run, claim by claim: what was shown of it, on what it rests, and what was not shown.

It takes the verdicts apart and decides nothing: a claim is INVALID where a finding says so, and UNKNOWN wherever
anything of its part, or of the run, remains unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify.assumptions import RESTS_ON
from verify.durability import matrix
from verify.history.checkers import CHECKERS
from verify.history.promises import PROMISED, Promise
from verify.history.words import Verdict, merge
from verify.run_layout import DURABILITY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reports.judged_run import FindingGroup, JudgedPart, JudgedRun

CLAIMS = {**{checker.name: checker.claim for checker in CHECKERS}, matrix.NAME: matrix.CLAIM}
"""What each checker asks, in one sentence."""

_PLACES = {name: place for place, name in enumerate(CLAIMS)}

INSTRUMENT_CLAIM = "The instrument sees every planted guard for what it is, and finds nothing in its sound twin."


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What one part shows of one claim.

    Attributes:
        part: The part.
        checker: Who asks.
        verdict: What the part shows of it.
        why: Why it is not VALID; empty where it is.
        group: The finding that breaks it; None where none does.
    """

    part: JudgedPart
    checker: str
    verdict: Verdict
    why: str
    group: FindingGroup | None = None

    @property
    def claim(self) -> str:
        """What is claimed, in one sentence."""
        return claim_of(self.checker)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarantee:
    """One claim of one promise over the whole run.

    Attributes:
        promise: The promise; of the durability lattice its tier.
        checker: Who asks.
        verdict: What the run shows of it: UNKNOWN too where something of the run itself is unknown.
        shown: What each part shows.
        caught: Planted guards of this run that its checker had to catch and did, by name.
        missed: Those that it did not catch.
    """

    promise: str
    checker: str
    verdict: Verdict
    shown: tuple[Shown, ...]
    caught: tuple[str, ...]
    missed: tuple[str, ...]

    @property
    def claim(self) -> str:
        """What is claimed, in one sentence."""
        return claim_of(self.checker)

    @property
    def rests_on(self) -> tuple[str, ...]:
        """The assumptions, by their short names."""
        return RESTS_ON.get(self.checker, ())

    @property
    def schedules(self) -> int:
        """Schedules that were judged by it; the pieces of a storm are none."""
        return sum(each.part.object["schedules"] for each in self.shown if not each.part.is_storm)

    @property
    def storms(self) -> tuple[str, ...]:
        """How much each storm was that was judged by it."""
        return tuple(each.part.amount for each in self.shown if each.part.is_storm)

    @property
    def classes(self) -> int:
        """Distinct histories that were judged by it; those of a storm are pieces of one."""
        return sum(each.part.object["classes"] for each in self.shown if not each.part.is_storm)


def promise_of(part: JudgedPart) -> str:
    """Return what a part is held to; the lattice is held to what the validator had said of it."""
    return DURABILITY if part.object["tier"] == DURABILITY else str(part.object["promise"])


def claim_of(checker: str) -> str:
    """Return what *checker* asks; its name where nothing is written down."""
    return CLAIMS.get(checker, checker)


def shown_by(part: JudgedPart) -> list[Shown]:
    """Return what the part of a subject shows of each claim that it is judged by, in the order of the checkers."""
    broken = {group.checker: group for group in part.groups if group.decides and group.verdict is Verdict.INVALID}
    wanted = {matrix.NAME} if part.object["tier"] == DURABILITY else set(PROMISED[Promise(part.object["promise"])])
    reasons = "; ".join(part.object["reasons"])
    is_unknown = bool(reasons) or part.verdict is Verdict.UNKNOWN
    found = []
    for checker in sorted(wanted | broken.keys(), key=lambda name: (_PLACES.get(name, len(_PLACES)), name)):
        group = broken.get(checker)
        if group is not None:
            why = str(group.smallest["sentence"])
            found.append(Shown(part=part, checker=checker, verdict=Verdict.INVALID, why=why, group=group))
        elif is_unknown:
            why = reasons or "no reason was recorded"
            found.append(Shown(part=part, checker=checker, verdict=Verdict.UNKNOWN, why=why))
        else:
            found.append(Shown(part=part, checker=checker, verdict=Verdict.VALID, why=""))
    return found


def guarantees_of(judged: JudgedRun) -> list[Guarantee]:
    """Return every claim that the run was to show something of, by promise, in the order of the parts."""
    by_claim: dict[tuple[str, str], list[Shown]] = {}
    for part in judged.parts:
        for shown in shown_by(part) if part.row is None else ():
            by_claim.setdefault((promise_of(part), shown.checker), []).append(shown)
    doubts = [Verdict.UNKNOWN] if list(doubts_of(judged)) else []
    caught, missed = _planted(judged)
    return [
        Guarantee(
            promise=promise,
            checker=checker,
            verdict=merge([*(each.verdict for each in shown), *doubts]),
            shown=tuple(shown),
            caught=tuple(caught.get(checker, ())),
            missed=tuple(missed.get(checker, ())),
        )
        for (promise, checker), shown in by_claim.items()
    ]


def doubts_of(judged: JudgedRun) -> Iterator[str]:
    """Yield what remains unknown of the run itself, whatever its parts show."""
    if judged.run.interrupted:
        yield "the run was interrupted"
    yield from (f"{name} was not run: {why}" for name, why in judged.run.unshown)
    for part in judged.parts:
        if part.row is not None and not part.row["ok"]:
            yield f"the instrument is blind: {part.stored.name}: {part.said}"


def not_shown(judged: JudgedRun) -> Iterator[str]:
    """Yield what the run did not show, one sentence each: doubts, what was left out, and what lies outside."""
    yield from doubts_of(judged)
    decided = {name for name, _ in judged.run.unshown}
    yield from (f"{name} was not run: {why}" for name, why in judged.run.not_run if name not in decided)
    for part in judged.parts:
        if part.row is not None:
            continue
        name, verdict = part.stored.name, part.object
        yield from (f"{name}: {reason}" for reason in verdict["reasons"])
        yield from (f"{name}: {kind} is outside the promise: {why}" for kind, why in _outside(part))
        missed = verdict["coverage"]["not_hit"] if part.shows_coverage else []
        yield from (f"{name}: {strike} never struck" for strike in missed)
        yield f"{name}: nothing beyond its bound, {part.bound}"


def _outside(part: JudgedPart) -> list[tuple[str, str]]:
    return sorted(part.stored.record.outside.items())


def _planted(judged: JudgedRun) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return the planted guards of the run by the checker that must catch them: those that it caught, and others."""
    caught: dict[str, list[str]] = {}
    missed: dict[str, list[str]] = {}
    for part in judged.parts:
        if part.row is not None and part.stored.checker is not None:
            into = caught if part.row["ok"] else missed
            into.setdefault(part.stored.checker, []).append(part.stored.name)
    return caught, missed
