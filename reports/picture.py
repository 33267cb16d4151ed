"""A finding as a picture: who did what, in order, what struck, and what landed at the venue.

This is the layout, one value for every form of the picture. It decides nothing, and leaves out a detail that it
cannot place rather than invent one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from reports.stored_history import LANDED_LATE, mark_of
from reports.stored_run import StoredRunError, read_object
from verify.history import fence_order, mutual_exclusion
from verify.history.events import (
    Complete,
    Event,
    Fault,
    Invoke,
    Landed,
    MalformedEventError,
    Phase,
    Reconciled,
    from_object,
)
from verify.redaction import redacted
from verify.run_layout import schedule_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

REDIS = "Redis"
VENUE = "venue"

_MAY_REPEAT = frozenset({mutual_exclusion.NAME, fence_order.NAME})
"""Checkers under which a second effect of a key is nothing wrong by itself: a lock lets everyone in, one by one."""

_PHASES = {
    "heal": "the faults are healed",
    "redeliver": "delivered again from a fresh process, past the lease",
    "redeliver_early": "delivered again from a fresh process, the lease still running",
    "zombie": "what was paused or late comes back",
    "settle": "everything settles",
}
_KEY_CHARS, _KEY_BEGINS = 15, 4
_MOST_KEYS = 2

_AT_VENUE = frozenset({"effect", "probe"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the picture.

    Attributes:
        process: Whose lane it starts in; empty for what concerns everybody.
        text: What is done: a command with its keys, an effect, an answer, a phase.
        target: ``Redis`` or ``venue``; empty where nothing is sent.
        outcome: What came back.
        fault: The kind of the fault that struck; empty for none.
        witness: How the fault is known to have bitten.
        landed: The number of the effect that landed; None for none.
        is_again: The key had an effect already, and should have had no other.
        is_other: The effect has another payload than the key's first one.
        phase: How many phases of the schedule had begun; 0 where nobody knows.
        is_unsent: It never left its process.
        is_late: It lands after its process gave up.
        ends: The process answered or died here.
        is_phase: It divides the picture.
    """

    process: str = ""
    text: str = ""
    target: str = ""
    outcome: str = ""
    fault: str = ""
    witness: str = ""
    landed: int | None = None
    is_again: bool = False
    is_other: bool = False
    phase: int = 0
    is_unsent: bool = False
    is_late: bool = False
    ends: bool = False
    is_phase: bool = False

    @property
    def arrives(self) -> bool:
        """What is sent is known to arrive; of a struck step that is known only where its effect landed."""
        return (not self.fault and not self.is_unsent) or self.is_late or self.landed is not None

    @property
    def effect(self) -> str:
        """What the venue's lane shows; empty if nothing landed."""
        if self.landed is None:
            return ""
        said = "OTHER PAYLOAD" if self.is_other else "DONE AGAIN" if self.is_again else "done"
        return f"effect {self.landed}: {said}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The layout of a finding.

    Attributes:
        checker: Who says it.
        sentence: What it says.
        schedule: What is decided, in one line; after that everybody goes on by themselves.
        remark: What shrinking has made of it; empty for nothing.
        lanes: The processes: the workers by their names, then those of the recovery as they came.
        rows: What happened, in order.
    """

    checker: str
    sentence: str
    schedule: str
    remark: str
    lanes: tuple[str, ...]
    rows: tuple[Row, ...]


def load_pictures(part: Path, findings: Sequence[Mapping[str, Any]]) -> list[Picture | None]:
    """Return a picture for each of the *findings* of the part in the folder *part*; None where there is none.

    A finding is an object of ``verdict.json``. What is drawn is its stored schedule, which may be a shrunk one.
    """
    return [_load_picture(part / schedule_file(mark_of(finding))) for finding in findings]


def _load_picture(path: Path) -> Picture | None:
    try:
        return draw(read_object(path))
    except StoredRunError:
        return None


def draw(schedule: Mapping[str, Any]) -> Picture | None:
    """Return the picture of a stored schedule; None if it holds no steps.

    Args:
        schedule: The object of ``schedules/<mark>.json``; its ``finding`` heads the picture. Where its events cannot
            be read, the picture shows steps only, and receipts as effects.
    """
    steps = [step for step in map(_read_step, _listed(schedule, "steps")) if step is not None]
    if not steps:
        return None
    events = _read_events(schedule)
    decisions, taken = ([str(each) for each in _listed(schedule, name)] for name in ("decisions", "taken"))
    rows = _Weaver(steps, events, taken).weave() if events else [_without_events(step) for step in steps]
    finding = schedule.get("finding")
    finding = finding if isinstance(finding, dict) else {}
    checker = str(finding.get("checker", ""))
    if checker in _MAY_REPEAT:
        rows = [replace(row, is_again=False) for row in rows]
    return Picture(
        checker=checker,
        sentence=redacted(str(finding.get("sentence", ""))),
        schedule=redacted(
            f"{schedule.get('workload', '')}: {' '.join(decisions) or 'everybody goes on, one after the other'}"
        ),
        remark=_remark(schedule, len(decisions)),
        lanes=_lanes(rows),
        rows=tuple(map(_without_secrets, rows)),
    )


def _without_secrets(row: Row) -> Row:
    return replace(row, text=redacted(row.text), outcome=redacted(row.outcome), witness=redacted(row.witness))


def _remark(schedule: Mapping[str, Any], decisions: int) -> str:
    if schedule.get("is_smallest") is not True:
        return ""
    explored = len(_listed(schedule, "explored"))
    if not decisions:
        return f"none of the {explored} explored decisions is needed"
    return f"{decisions} of {explored} explored decisions are left; nothing more can be taken out"


def _read_events(schedule: Mapping[str, Any]) -> list[Event]:
    try:
        return [from_object(each) for each in _listed(schedule, "events")]
    except (MalformedEventError, AttributeError):
        return []


def _lanes(rows: Sequence[Row]) -> tuple[str, ...]:
    names = list(dict.fromkeys(row.process for row in rows if row.process))
    workers = sorted((name for name in names if name.startswith("w")), key=lambda name: (len(name), name))
    return (*workers, *(name for name in names if not name.startswith("w")))


def _listed(schedule: Mapping[str, Any], name: str) -> list[Any]:
    stored = schedule.get(name)
    return stored if isinstance(stored, list) else []


def _read_step(stored: Any) -> Row | None:
    if not isinstance(stored, dict) or not isinstance(stored.get("keys"), list):
        return None
    process, name, outcome, fault = (str(stored.get(each, "")) for each in ("process", "name", "outcome", "fault"))
    begun = stored.get("phase")
    phase = begun if isinstance(begun, int) else 0
    if not process:
        return Row(text=outcome, fault=fault, is_phase=True, phase=phase)
    return Row(
        process=process,
        text=" ".join([name, *_short_keys([str(key) for key in stored["keys"]])]),
        target=VENUE if name in _AT_VENUE else REDIS,
        outcome=outcome,
        fault=fault,
        phase=phase,
        is_unsent=stored.get("unsent") is True,
    )


def _short_keys(keys: Sequence[str]) -> list[str]:
    """Return the keys so that a command can be read: a long one without its middle, and two at most."""
    short = [
        key if len(key) <= _KEY_CHARS else f"{key[:_KEY_BEGINS]}..{key[_KEY_BEGINS + 2 - _KEY_CHARS :]}"
        for key in keys
    ]
    return short if len(keys) <= _MOST_KEYS else [short[0], f"+{len(keys) - 1} keys"]


def _without_events(step: Row) -> Row:
    return replace(step, outcome="done") if step.text == "effect" and step.outcome == "receipt" else step


class _Weaver:
    """Puts the steps, of which the picture is made, in order with the events, which say what they led to."""

    def __init__(self, steps: Sequence[Row], events: Sequence[Event], decisions: Sequence[str]) -> None:
        self._steps = steps
        self._events = events
        self._at = 0
        self._rows: list[Row] = []
        self._left = Counter(step.process for step in steps)
        self._caught: Landed | None = None
        self._witness = ""
        self._phase: Row | None = None
        self._begun = 0
        self._first_payload: dict[str, str] = {}
        self._late_due = _late_before(decisions, len(steps))
        self._late_shown = 0

    def weave(self) -> list[Row]:
        """Return the rows in order."""
        for number, step in enumerate(self._steps):
            if self._late_due is not None:
                while self._late_shown < self._late_due[number] and self._pass_late():
                    pass
            while self._begun < step.phase and self._at < len(self._events):
                self._take()
            self._catch_up(step)
            self._left[step.process] -= 1
            self._show(self._with_effect(replace(step, witness=self._witness)))
            self._caught, self._witness = None, ""
            self._show_what_follows()
        while self._at < len(self._events):
            self._take()
        return self._rows

    def _show(self, row: Row) -> None:
        if self._phase is not None:
            self._rows.append(self._phase)
            self._phase = None
        self._rows.append(row)

    def _catch_up(self, step: Row) -> None:
        """Pass the events that came before *step*, up to the ones that are its own."""
        for at in range(self._at, len(self._events)):
            if self._is_own(step, at):
                while self._at <= at:
                    self._take(step)
                return

    def _is_own(self, step: Row, at: int) -> bool:
        event = self._events[at]
        if step.fault:
            return (
                isinstance(event, Fault)
                and event.kind == step.fault
                and (event.process or "") == step.process
                and event.at != LANDED_LATE
            )
        if step.text == "effect":
            return isinstance(event, Landed) and event.process == step.process and not self._is_late(at)
        return isinstance(event, Invoke) and event.process == step.process

    def _is_late(self, at: int) -> bool:
        """Tell whether the event is the landing of a late step, which has no step of its own."""
        event = self._events[at]
        if isinstance(event, Landed):
            at += 1
            event = self._events[at] if at < len(self._events) else event
        return isinstance(event, Fault) and event.at == LANDED_LATE

    def _pass_late(self) -> bool:
        """Pass everything up to the next landing of a late step; say whether there is one."""
        for at in range(self._at, len(self._events)):
            event = self._events[at]
            if isinstance(event, Fault) and event.at == LANDED_LATE:
                while self._at <= at:
                    self._take()
                return True
        return False

    def _show_what_follows(self) -> None:
        """Show answers as soon as their process has no step left, and late landings whose place nobody knows."""
        while self._at < len(self._events):
            event = self._events[self._at]
            if isinstance(event, (Complete, Reconciled)) and self._left[event.process]:
                return
            is_late = self._is_late(self._at)
            if isinstance(event, (Phase, Invoke)) or (is_late and self._late_due is not None):
                return
            if isinstance(event, (Fault, Landed)) and not is_late:
                return
            self._take()

    def _take(self, step: Row | None = None) -> None:
        """Pass one event; what it tells of *step* is kept for it."""
        event = self._events[self._at]
        is_late = self._is_late(self._at)
        self._begun += isinstance(event, Phase)
        self._at += 1
        match event:
            case Phase() if event.name in _PHASES:
                self._phase = Row(text=_PHASES[event.name], is_phase=True)
            case Landed():
                self._caught = event
            case Fault() if is_late:
                self._late_shown += 1
                self._show(self._with_effect(self._late_row(event)))
                self._caught = None
            case Fault() if step is not None:
                self._witness = event.witness
            case Complete():
                word = f" {event.word}" if event.word else ""
                detail = f" ({event.detail})" if event.detail else ""
                self._show(Row(process=event.process, text=f"answers {event.outcome}{word}{detail}", ends=True))
            case Reconciled():
                self._show(Row(process=event.process, text=f"reconciled: {event.answer}", ends=True))
            case _:
                pass

    def _late_row(self, event: Fault) -> Row:
        struck = [row for row in self._rows if (row.process, row.fault) == (event.process, event.kind)]
        text = f"{struck[0].text} lands late" if struck else "a late step lands"
        return Row(
            process=event.process or "",
            text=text,
            target=VENUE if self._caught else REDIS,
            fault=event.kind,
            witness=event.witness,
            is_late=True,
        )

    def _with_effect(self, row: Row) -> Row:
        if self._caught is None or row.target != VENUE:
            return row
        line = self._caught
        first = self._first_payload.setdefault(line.key, line.payload)
        return replace(row, landed=line.n, is_again=line.n > 1, is_other=line.payload != first)


def _late_before(decisions: Sequence[str], steps: int) -> list[int] | None:
    """Return how many late steps had landed before each step; None where decisions and steps do not run in parallel.

    They do not where a process slept: going on after a sleep is decided, and is no step.
    """
    landed, before = 0, []
    for decision in decisions:
        if decision.startswith("late"):
            landed += 1
        elif decision != "go-on":
            before.append(landed)
    return before if len(before) == steps else None
