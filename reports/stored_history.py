"""Reads the histories and schedules of one part, line by line. Never holds more than one history, never repairs one.

What cannot be read becomes a history that no checker can call VALID; it is neither dropped nor guessed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, NoReturn

from reports.schedule_index import Numbers
from verify.decisions import decisions_of, faults_of
from verify.history.events import Event, Fault, MalformedEventError, from_object, from_usual
from verify.history.history import MalformedHistoryError
from verify.history.judge import StoredHistory
from verify.run_layout import EXPLORED, HISTORY, STORM

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from reports.schedule_index import Explored, ScheduleIndex

LANDED_LATE = "landed"
"""Where the second fault event of a late step says it happened; it is the same fault as the first."""

_NUMBER = re.compile(rb'^\{"history":\s*([1-9][0-9]*)\b')
HEAD = re.compile(rb'\{"history":([1-9][0-9]{0,17}),')
"""How our own lines begin: what follows is an event and nothing else."""

_BLOCK = 1 << 16
"""Bytes that are read at once, about."""


def mark_of(finding: Mapping[str, Any]) -> str:
    """Return the mark under which the replayable schedule of a listed finding is stored: each has its own."""
    identity = " ".join(str(finding[name]) for name in ("checker", "verdict", "phase", "schedule"))
    return hashlib.sha256(identity.encode()).hexdigest()[:12]


class UnreadableEvents(Sequence[Event]):
    """Events that cannot be read. Whoever asks for them is told why, so that nobody judges half a history."""

    def __init__(self, why: str) -> None:
        self._why = why

    def __len__(self) -> int:
        return 0

    def __getitem__(self, index: Any) -> NoReturn:
        raise MalformedHistoryError(self._why)

    def __iter__(self) -> NoReturn:
        raise MalformedHistoryError(self._why)


class HistoryReader:
    """One pass over ``history.jsonl``: iterate over it for the histories, then ask what else was seen.

    Attributes:
        path: Where the file is.
        index: The schedules that gave the histories.
        sha256: Digest of the file; complete when the pass is.
        unscheduled: Numbers of the histories that no schedule gave.
        seen: Numbers of all histories met, each with how often.
        nameless: Lines that do not say which history they belong to.
        unjudged: Some histories could not be judged, and are not among those that were seen.
    """

    def __init__(self, folder: Path, index: ScheduleIndex) -> None:
        self.path = folder / HISTORY
        self.index = index
        self.forget()

    def forget(self) -> None:
        """Be as if nothing had been read."""
        self.sha256 = ""
        self.unscheduled: list[int] = []
        self.seen = Numbers()
        self.nameless = 0
        self.unjudged = False

    def doubts(self) -> list[str]:
        """Say how the histories that were seen do not fit the schedules; nothing where not all were seen."""
        if self.unjudged:
            return []
        lost = [number for number in self.index.counts if not self.seen[number]]
        return [
            *(f"no schedule of {EXPLORED} gave history {number}" for number in self.unscheduled),
            *(f"{EXPLORED} names history {number}, which is not stored" for number in lost),
        ]

    def __iter__(self) -> Iterator[StoredHistory]:
        digest = hashlib.sha256()
        with self.path.open("rb") as stored:
            yield from self.of_lines(_lines(stored, digest))
        self.sha256 = digest.hexdigest()

    def of_lines(self, lines: Iterable[bytes], first: int = 1) -> Iterator[StoredHistory]:
        """Yield the histories of some lines of the file, the first of which has the number *first*, from 1."""
        with self.index.opened() as schedules:
            for number, events, why in self._grouped(lines, first):
                self.seen[number] += 1
                if self.seen[number] > 1:
                    why = f"history {number} stands in two places of {HISTORY}"  # noqa: PLW2901 - it counts more
                schedule = self.index.simplest(number, schedules)
                yield self._stored(number, UnreadableEvents(why) if why else events, schedule)

    def _stored(self, number: int, events: Sequence[Event], schedule: Explored | None) -> StoredHistory:
        if schedule is None:
            self.unscheduled.append(number)
            return StoredHistory(id=number, events=events, schedule="")
        decisions = decisions_of(schedule.line)
        faults = faults_of(decisions) if decisions else _faults_seen(events)
        if schedule.line.partition(":")[0] == STORM:
            # Of the many faults of a storm nobody knows which one a finding needs: each kind is named once.
            faults = tuple(dict.fromkeys(faults))
        return StoredHistory(
            id=number,
            events=events,
            schedule=schedule.line,
            faults=faults,
            preemptions=schedule.preemptions,
            count=self.index.counts[number],
        )

    def _grouped(self, lines: Iterable[bytes], first: int) -> Iterator[tuple[int, list[Event], str]]:
        """Yield number, events and what is wrong with them ("" for nothing), history by history."""
        current = _Gathered(0, [])
        inherited = ""
        head = b"\n"
        for at, raw in enumerate(lines, start=first):
            if raw.startswith(head) and (usual := from_usual(b"{" + raw[len(head) :])) is not None:
                current.events.append(usual)
                inherited = ""
                continue
            number, event, why = _parse_event(raw, at)
            if number is None:
                # Nobody can tell whether the line ended this history or began the next: neither is whole.
                self.nameless += 1
                inherited = why
                current.damage(why)
                continue
            if number != current.number:
                if current.number:
                    yield current.number, current.events, current.why
                current = _Gathered(number, [], inherited)
                head = b'{"history":%d,' % number
            inherited = ""
            if event is None:
                current.damage(why)
            else:
                current.events.append(event)
        if current.number:
            yield current.number, current.events, current.why
        elif inherited:
            yield 0, [], inherited


def _faults_seen(events: Sequence[Event]) -> tuple[str, ...]:
    """Return the fault kinds of a story, which has no decisions that would name them."""
    if isinstance(events, UnreadableEvents):
        return ()
    return tuple(event.kind for event in events if isinstance(event, Fault) and event.at != LANDED_LATE)


@dataclass(slots=True)
class _Gathered:
    number: int
    events: list[Event]
    why: str = ""

    def damage(self, why: str) -> None:
        self.why = self.why or why


def _lines(stored: IO[bytes], digest: hashlib._Hash) -> Iterator[bytes]:
    """Yield the lines of a file without their ends, and take them into its digest."""
    begun: list[bytes] = []
    while block := stored.read(_BLOCK):
        digest.update(block)
        first, *others = block.split(b"\n")
        begun.append(first)
        if others:
            yield b"".join(begun)
            begun = [others.pop()]
            yield from others
    if any(begun):
        yield b"".join(begun)


def _parse_event(raw: bytes, at: int) -> tuple[int | None, Event | None, str]:
    """Return the number of the line's history, its event, and why there is none."""
    named = HEAD.match(raw)
    if named is not None and (usual := from_usual(b"{" + raw[named.end() :])) is not None:
        return int(named[1]), usual, ""
    try:
        # As json.loads would, which first looks for other encodings: no file of ours has one.
        stored = json.loads(raw.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        named = _NUMBER.match(raw)
        return (int(named[1]) if named else None), None, f"line {at} of {HISTORY} is not JSON"
    number = stored.get("history") if isinstance(stored, dict) else None
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        return None, None, f"line {at} of {HISTORY} does not say which history it belongs to"
    try:
        return number, from_object(stored), ""
    except (MalformedEventError, TypeError, ValueError) as error:
        return number, None, f"line {at} of {HISTORY}: {error}"
