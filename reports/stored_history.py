"""Reads the histories and schedules of one part, line by line. Never holds more than one history, never repairs one.

What cannot be read becomes a history that no checker can call VALID; it is neither dropped nor guessed.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from reports.schedule_index import Numbers
from verify.decisions import decisions_of, faults_of
from verify.history.events import Event, Fault, MalformedEventError, from_object
from verify.history.history import MalformedHistoryError
from verify.history.judge import StoredHistory
from verify.run_layout import HISTORY, STORM

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from reports.schedule_index import Explored, ScheduleIndex

LANDED_LATE = "landed"
"""Where the second fault event of a late step says it happened; it is the same fault as the first."""

_USUAL = re.compile(rb'\{"history":([1-9][0-9]{0,17}),')
"""How an exploration begins its lines."""
_NUMBER = re.compile(rb'^\{"history":\s*([1-9][0-9]*)\b')


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
        sha256: Digest of the file; complete when the pass is.
        unscheduled: Numbers of the histories that no schedule gave.
        seen: Numbers of all histories met, each with how often.
    """

    def __init__(self, folder: Path, index: ScheduleIndex) -> None:
        self._path = folder / HISTORY
        self._index = index
        self.sha256 = ""
        self.unscheduled: list[int] = []
        self.seen = Numbers()

    def __iter__(self) -> Iterator[StoredHistory]:
        with self._index.opened() as schedules:
            for number, events, why in _grouped(self._path, self):
                self.seen[number] += 1
                if self.seen[number] > 1:
                    why = f"history {number} stands in two places of {HISTORY}"  # noqa: PLW2901 - it counts more
                schedule = self._index.simplest(number, schedules)
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
            count=self._index.counts[number],
        )


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


def _grouped(path: Path, reader: HistoryReader) -> Iterator[tuple[int, list[Event], str]]:
    """Yield number, events and what is wrong with them ("" for nothing), history by history."""
    digest = hashlib.sha256()
    current: _Gathered | None = None
    inherited = ""
    with path.open("rb") as lines:
        for at, raw in enumerate(lines, start=1):
            digest.update(raw)
            number, event, why = _parse_event(raw, at)
            if number is None:
                # Nobody can tell whether the line ended this history or began the next: neither is whole.
                inherited = why
                if current is not None:
                    current.damage(why)
                continue
            if current is None or number != current.number:
                if current is not None:
                    yield current.number, current.events, current.why
                current = _Gathered(number, [], inherited)
            inherited = ""
            if event is None:
                current.damage(why)
            else:
                current.events.append(event)
    if current is not None:
        yield current.number, current.events, current.why
    elif inherited:
        yield 0, [], inherited
    reader.sha256 = digest.hexdigest()


@functools.lru_cache(maxsize=4096)
def _event_of(rest: bytes) -> Event | None:
    """Return the event of a line without its number: most are in many histories. None where anything is odd."""
    try:
        stored = json.loads((b"{" + rest).decode("utf-8", "surrogatepass"))
        return from_object(stored) if "history" not in stored else None
    except (ValueError, RecursionError, TypeError):
        return None


def _parse_event(raw: bytes, at: int) -> tuple[int | None, Event | None, str]:
    """Return the number of the line's history, its event, and why there is none."""
    usual = _USUAL.match(raw)
    if usual is not None and (event := _event_of(raw[usual.end() :])) is not None:
        return int(usual[1]), event, ""
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
