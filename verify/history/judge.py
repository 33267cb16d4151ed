"""Histories in, verdict out. A checker that fails decides nothing, and what was not shown is never VALID."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from verify.history import attempts_limit, open_refuses, usefulness
from verify.history.campaign import InstrumentRow, compose, instrument_row
from verify.history.checkers import CHECKERS
from verify.history.history import History, MalformedHistoryError
from verify.history.judgement import Judgement, ListedFinding, dumps_canonical
from verify.history.overlap import effect_overlapped_call
from verify.history.partition import Piece, partition
from verify.history.promises import Promise, deciding_checkers
from verify.history.record import Bound, ExplorationRecord, MalformedRecordError, Server
from verify.history.shortfall import uncovered, unfinished
from verify.history.words import Finding, Verdict, merge
from verify.run_layout import PROPERTIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from verify.history.events import Event

__all__ = [
    "RECORD",
    "Bound",
    "ExplorationRecord",
    "HistoryVerdict",
    "InstrumentRow",
    "Judgement",
    "ListedFinding",
    "MalformedRecordError",
    "Promise",
    "Server",
    "StoredHistory",
    "Survey",
    "compose",
    "dumps_canonical",
    "find_in_phases",
    "instrument_row",
    "judge_exploration",
    "judge_history",
    "judgement_of",
    "why_outside",
]

EXPLORE = "explore"
"""A tier whose bound always holds a schedule without faults; a story is one run with its fault in it."""
_FAULTLESS_TOO = (EXPLORE, PROPERTIES)

RECORD = "record"
"""The name under which a history that cannot be read at all is reported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryVerdict:
    """What was decided about one history.

    Attributes:
        verdict: The merge of the promised findings; VALID if there are none.
        findings: Every finding, in the order of the checkers, each with whether it is promised and so decides.
    """

    verdict: Verdict
    findings: tuple[tuple[Finding, bool], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredHistory:
    """One distinct history of an exploration.

    Attributes:
        id: Its number in the store.
        events: What happened.
        schedule: The decisions of the simplest schedule that gave it.
        faults: The fault kinds of that schedule, in its order; a parameter in brackets may follow the kind.
        preemptions: Switches of that schedule away from a process that could have gone on.
        count: How many schedules gave this history.
    """

    id: int
    events: Sequence[Event]
    schedule: str
    faults: tuple[str, ...] = ()
    preemptions: int = 0
    count: int = 1

    @property
    def workload(self) -> str:
        """The workload of that schedule."""
        return self.schedule.partition(":")[0]


def judge_history(events: Sequence[Event], promise: Promise) -> HistoryVerdict:
    """Judge one history by *promise*: all checkers run, the promised ones and the assumptions decide."""
    deciding = deciding_checkers(promise)
    verdicts = [_judge(_index(piece), deciding) for piece in partition(events)]
    # What concerns everybody is found in every piece, and counts once.
    findings = dict.fromkeys(finding for verdict in verdicts for finding in verdict.findings)
    return HistoryVerdict(verdict=merge(verdict.verdict for verdict in verdicts), findings=tuple(findings))


def find_in_phases(events: Sequence[Event], promise: Promise) -> Iterator[tuple[Finding, str]]:
    """Yield every finding of one history with its phase, as :func:`judge_exploration` tells findings apart."""
    deciding = deciding_checkers(promise)
    for piece in partition(events):
        history = _index(piece)
        for finding, _ in _judge(history, deciding).findings:
            yield finding, _phase_of(finding, history)


def judge_exploration(
    record: ExplorationRecord, histories: Iterable[StoredHistory], replay_line: Callable[[ListedFinding], str]
) -> Judgement:
    """Judge a whole exploration in one pass; memory grows with the distinct findings only.

    Args:
        record: What the exploration says of itself.
        histories: Its distinct histories, in any order.
        replay_line: Gives the line that replays a finding, which does not hold it yet.
    """
    survey = Survey(record)
    for stored in histories:
        survey.take(stored)
    return judgement_of(survey, replay_line)


def judgement_of(survey: Survey, replay_line: Callable[[ListedFinding], str], *, unjudged: str = "") -> Judgement:
    """Return what the histories of an exploration show together.

    Args:
        survey: The histories.
        replay_line: As :func:`judge_exploration`.
        unjudged: Why some histories are not among them; empty where all are.
    """
    record = survey.record
    findings = survey.listed(replay_line)
    decisive = [finding for finding in findings if finding.decides]
    unknown = [f"{each.checker}: {each.sentence}" for each in decisive if each.verdict is Verdict.UNKNOWN]
    unseen = [unjudged] if unjudged else survey.unseen()
    reasons = (*unfinished(record), *uncovered(record), *unseen, *unknown)
    verdicts = [finding.verdict for finding in decisive]
    verdicts.append(Verdict.UNKNOWN if reasons else Verdict.VALID)
    return Judgement(record=record, verdict=merge(verdicts), reasons=reasons, findings=findings)


def _index(piece: Piece) -> History | Finding:
    """Index the events, or say why they cannot be read as a history."""
    try:
        history = History(piece.events, piece.positions)
    except MalformedHistoryError as error:
        return _unreadable(f"the record was damaged: {error}")
    except Exception as error:  # noqa: BLE001 - whatever breaks the index, the history was not judged
        return _unreadable(f"the record could not be indexed: {error!r}")
    return history if history.operations else _unreadable("the history holds no operation, so nothing was shown")


def _phase_of(finding: Finding, history: History | Finding) -> str:
    return history.phase_of(finding) if isinstance(history, History) else ""


def _unreadable(sentence: str) -> Finding:
    return Finding(checker=RECORD, verdict=Verdict.UNKNOWN, sentence=sentence)


def _judge(history: History | Finding, deciding: frozenset[str]) -> HistoryVerdict:
    if isinstance(history, Finding):
        return HistoryVerdict(verdict=history.verdict, findings=((history, True),))
    findings = [(finding, True) for finding in _without_terms(history, deciding)]
    for checker in CHECKERS:
        try:
            found = checker.check(history)
        except Exception as error:  # noqa: BLE001 - whatever a checker raises, it has not found the history valid
            sentence = f"checker {checker.name} failed: {error!r}"
            found = [Finding(checker=checker.name, verdict=Verdict.UNKNOWN, sentence=sentence)]
        if found:
            findings += [(finding, checker.name in deciding) for finding in found]
    verdict = merge([Verdict.VALID, *(finding.verdict for finding, promised in findings if promised)])
    return HistoryVerdict(verdict=verdict, findings=tuple(findings))


def _without_terms(history: History, deciding: frozenset[str]) -> Iterator[Finding]:
    """Yield what keeps a promise from being judged by this history: limits are judged by the terms it names."""
    for checker, terms, whose in (
        (open_refuses.NAME, history.breaker, "circuit breaker"),
        (attempts_limit.NAME, history.retries, "retries"),
    ):
        if checker in deciding and terms is None:
            sentence = f"the history does not begin with the terms of the {whose} that it is judged by"
            yield Finding(checker=RECORD, verdict=Verdict.UNKNOWN, sentence=sentence)


class _Identity(NamedTuple):
    """What makes findings the same. What is outside the promise never stands for what is inside it."""

    checker: str
    verdict: Verdict
    faults: tuple[str, ...]
    phase: str
    outside: str


_Rank = tuple[int, int, int, str, str]


@dataclass(slots=True)
class _Group:
    """The findings of one identity: the simplest so far, and how many there are."""

    rank: _Rank
    finding: Finding
    promised: bool
    stored: StoredHistory
    histories: int = 0
    schedules: int = 0


class Survey:
    """What the histories of one exploration show together, or some of them."""

    def __init__(self, record: ExplorationRecord) -> None:
        self.record = record
        """What the exploration says of itself."""
        self._deciding = deciding_checkers(record.promise)
        self._groups: dict[_Identity, _Group] = {}
        self._histories = 0
        self._schedules = 0
        self._seeks_overlap = record.requires_overlap
        self._has_faultless = False

    def take(self, stored: StoredHistory) -> None:
        """Judge one history and keep what is new in it; its events may be forgotten afterwards."""
        self._histories += 1
        self._schedules += stored.count
        outside = why_outside(self.record.outside, stored.workload, stored.faults)
        counted: set[_Identity] = set()
        for piece in partition(stored.events):
            history = _index(piece)
            if isinstance(history, History):
                self._has_faultless = self._has_faultless or (history.is_faultless and not stored.faults)
                if self._seeks_overlap and effect_overlapped_call(history):
                    self._seeks_overlap = False
            for finding, promised in _judge(history, self._deciding).findings:
                phase = _phase_of(finding, history)
                faults = tuple(sorted(stored.faults))
                identity = _Identity(finding.checker, finding.verdict, faults, phase, outside)
                group = self._keep_simplest(identity, finding, promised=promised, stored=stored)
                if identity not in counted:
                    counted.add(identity)
                    group.histories += 1
                    group.schedules += stored.count

    def join(self, later: Survey) -> None:
        """Add what histories show that come after these; it is the same as to take them one by one."""
        self._histories += later._histories
        self._schedules += later._schedules
        self._seeks_overlap = self._seeks_overlap and later._seeks_overlap
        self._has_faultless = self._has_faultless or later._has_faultless
        for identity, other in later._groups.items():
            group = self._groups.setdefault(identity, other)
            if group is other:
                continue
            if other.rank < group.rank:
                group.rank, group.finding, group.stored = other.rank, other.finding, other.stored
            group.histories += other.histories
            group.schedules += other.schedules

    def _keep_simplest(
        self, identity: _Identity, finding: Finding, *, promised: bool, stored: StoredHistory
    ) -> _Group:
        rank = (len(stored.faults), stored.preemptions, len(stored.schedule), stored.schedule, finding.sentence)
        group = self._groups.get(identity)
        if group is None:
            group = self._groups[identity] = _Group(rank, finding, promised, _without_events(stored))
        elif rank < group.rank:
            group.rank, group.finding, group.stored = rank, finding, _without_events(stored)
        return group

    def listed(self, replay_line: Callable[[ListedFinding], str]) -> tuple[ListedFinding, ...]:
        """Return the groups as findings: promised first, inside before outside, then the simplest first."""
        findings = [
            ListedFinding(
                checker=group.finding.checker,
                verdict=group.finding.verdict,
                promised=group.promised,
                outside=identity.outside,
                sentence=group.finding.sentence,
                schedule=group.stored.schedule,
                faults=group.stored.faults,
                phase=identity.phase,
                needs_faults=self._needs_faults(identity),
                histories=group.histories,
                schedules=group.schedules,
            )
            for identity, group in self._groups.items()
        ]
        findings = [replace(finding, replay=replay_line(finding)) for finding in findings]
        return tuple(sorted(findings, key=_place))

    def _needs_faults(self, identity: _Identity) -> bool:
        """Say whether the same was not seen in the same phase with fewer of these faults, and no less promised."""
        return not any(
            (other.checker, other.verdict, other.phase) == (identity.checker, identity.verdict, identity.phase)
            and (identity.outside or not other.outside)
            and _is_part(other.faults, identity.faults)
            for other in self._groups
        )

    def unseen(self) -> Iterator[str]:
        """Say what the histories should have shown and did not."""
        record = self.record
        if self._histories != record.classes:
            yield f"the record counts {record.classes} distinct histories, but {self._histories} are stored"
        if self._schedules > record.schedules:
            yield f"the record counts {record.schedules} schedules, but its histories stand for {self._schedules}"
        if self._histories == 0:
            yield "no history is stored, so nothing was judged"
            return
        if record.requires_overlap and self._seeks_overlap:
            yield "vacuous: in no history did an effect overlap another process's call of the same key"
        if record.tier in _FAULTLESS_TOO and usefulness.NAME in self._deciding and not self._has_faultless:
            yield "no history without faults was recorded, so it is unknown whether the subject is of any use"


def _is_part(some: tuple[str, ...], of: tuple[str, ...]) -> bool:
    """Say whether *some* are fewer faults than *of*, all of them among it."""
    return len(some) < len(of) and not Counter(some) - Counter(of)


def _without_events(stored: StoredHistory) -> StoredHistory:
    return StoredHistory(
        id=stored.id,
        events=(),
        schedule=stored.schedule,
        faults=tuple(stored.faults),
        preemptions=stored.preemptions,
        count=stored.count,
    )


def _place(finding: ListedFinding) -> tuple[object, ...]:
    return (
        not finding.promised,
        bool(finding.outside),
        not finding.needs_faults,
        len(finding.faults),
        finding.checker,
        finding.schedule,
        finding.faults,
        finding.verdict,
        finding.phase,
    )


def why_outside(outside: Mapping[str, str], workload: str, faults: Iterable[str]) -> str:
    """Return the reasons why this workload or these faults are outside a promise; empty if all are inside it.

    Args:
        outside: Fault kinds, families of them, or workloads that the promise does not cover, with the reason.
        workload: The workload.
        faults: The fault kinds; a parameter in brackets may follow the kind.
    """
    reasons = {}
    for name in (workload, *faults):
        for kind in (name, name.partition("(")[0], name.partition(":")[0]):
            if kind in outside:
                reasons[kind] = outside[kind] or "the promise does not cover it"
                break
    return "; ".join(f"{kind}: {reason}" for kind, reason in sorted(reasons.items()))
