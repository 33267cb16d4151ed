"""What came of one schedule, as a value: what the search, the store and the reports want to know of it."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from harness.explorer.schedule import line_of
from harness.explorer.search.tree import Node, Ran
from verify.history.events import to_object
from verify.history.judge import judge_history
from verify.history.words import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.explorer.shorthand import Hearer, Speaker
    from harness.explorer.world.world import World
    from harness.subjects.contract import Subject
    from verify.history.events import Event

_as_json = json.JSONEncoder(separators=(",", ":")).encode

Applicable = tuple[str, tuple[str, ...]]
"""A place, and the fault kinds that could have struck there."""


@dataclass(frozen=True, slots=True)
class History:
    """One distinct history.

    Attributes:
        digest: Names it; 64 bits, so that among a million the odds of one collision are 3e-8.
        lines: Its events as JSON, one a line; empty where they were handed over before.
        violations: The promised checkers that found something in it, within the promise.
    """

    digest: bytes
    lines: tuple[str, ...]
    violations: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one schedule.

    Attributes:
        ran: What the search wants to know.
        history: What happened; None where the schedule shows nothing of its own: it did not come to its end, or it
            has fewer faults than are looked for.
        line: The schedule in its one-line form.
        faults: The fault kinds that struck, in order.
        preemptions: Switches away from a process that could have gone on.
        hits: The same fault kinds, each with its place.
        applicable: Where fault kinds could have struck that were not handed over before.
        stalled: The schedule went on for ever.
        problem: Why the exploration cannot go on; empty if it can.
        nondeterministic: How the subject behaved differently the second time; empty if it did not.
    """

    ran: Ran
    history: History | None = None
    line: str = ""
    faults: tuple[str, ...] = ()
    preemptions: int = 0
    hits: tuple[tuple[str, str], ...] = ()
    applicable: tuple[Applicable, ...] = ()
    stalled: bool = False
    problem: str = ""
    nondeterministic: str = ""


def said(outcome: Outcome, speaker: Speaker) -> tuple[Any, ...]:
    """Return the outcome as plain values and numbers."""
    history = outcome.history
    return (
        speaker.ran(outcome.ran),
        None if history is None else (history.digest, history.lines, history.violations),
        outcome.line,
        outcome.faults,
        outcome.preemptions,
        outcome.hits,
        outcome.applicable,
        outcome.stalled,
        outcome.problem,
        outcome.nondeterministic,
    )


def heard(told: tuple[Any, ...], hearer: Hearer) -> Outcome:
    """Return the outcome that :func:`said` put into numbers."""
    ran, history, line, faults, preemptions, hits, applicable, stalled, problem, nondeterministic = told
    return Outcome(
        ran=hearer.ran(ran),
        history=None if history is None else History(*history),
        line=line,
        faults=faults,
        preemptions=preemptions,
        hits=hits,
        applicable=applicable,
        stalled=stalled,
        problem=problem,
        nondeterministic=nondeterministic,
    )


@dataclass(slots=True)
class Historian:
    """Turns schedules that ran into outcomes; hands each distinct history over once."""

    subject: Subject
    applicable: set[Applicable] = field(default_factory=set)
    _told: set[Applicable] = field(default_factory=set)
    _known: dict[int, History] = field(default_factory=dict)

    def outcome(self, world: World) -> Outcome:
        """Return what came of *world*."""
        # What was handed over is all among them: so many, and there is nothing new.
        new = tuple(self.applicable - self._told) if len(self.applicable) > len(self._told) else ()
        self._told.update(new)
        return Outcome(
            ran=Ran(
                path=_whole(world.path, world),
                events=world.trace.happened,
                is_vacuous=world.vacuous,
                came_to=world.situation.came_to,
                passed=tuple(world.situation.places),
            ),
            history=self._history(world) if _counts(world) else None,
            line=line_of(world.setting.workload, world.decisions),
            faults=tuple(world.trace.struck),
            preemptions=world.preemptions,
            hits=tuple(world.trace.hits),
            applicable=new,
            stalled=world.stalled and not world.problem,
            problem="" if world.departed else world.problem,
            nondeterministic=f"the subject did not do the same again: {world.problem}" if world.departed else "",
        )

    def _history(self, world: World) -> History:
        events = tuple(world.trace.events)
        mark = hash(events)
        known = self._known.get(mark)
        if known is None:
            lines = lines_of(events)
            violations = self._violations(world, events)
            self._known[mark] = History(digest_of(lines), (), violations)
            return History(self._known[mark].digest, lines, violations)
        return known

    def _violations(self, world: World, events: tuple[Event, ...]) -> tuple[str, ...]:
        if self.subject.is_outside(world.setting.workload, world.trace.struck):
            return ()
        found = judge_history(events, self.subject.promise).findings
        return tuple(
            dict.fromkeys(
                finding.checker for finding, promised in found if promised and finding.verdict is Verdict.INVALID
            )
        )


def lines_of(events: Sequence[Event]) -> tuple[str, ...]:
    """Return the events as JSON, one a line."""
    return tuple(_line_of(event, type(getattr(event, "fence", None)).__name__) for event in events)


@functools.lru_cache(maxsize=1 << 13)
def _line_of(event: Event, _fence: str) -> str:
    """Return an event as JSON; most of them happen in very many schedules.

    Guards say what their fence is: True equals 1, and is another line.
    """
    return _as_json(to_object(event))


def digest_of(lines: Sequence[str]) -> bytes:
    """Return what names a history."""
    return blake2b("\n".join(lines).encode(), digest_size=8).digest()


def _counts(world: World) -> bool:
    is_whole = not (world.stalled or world.blocked or world.vacuous or world.problem)
    return is_whole and world.faults_left == 0


def _whole(path: list[Node], world: World) -> Sequence[Node]:
    """Return the decisions that were carried out, and the one that could not be taken because all was asleep."""
    done = sum(1 for event in world.trace.happened if event.node >= 0)
    return path if world.blocked else path[:done]
