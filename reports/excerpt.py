"""A few lines of a history, as they are shown to a reader; and its faults. Reads line by line, and judges nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reports.stored_run import StoredRunError
from verify.history.events import Fault, Phase
from verify.run_layout import HISTORY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

MOST_LINES = 40
"""Lines of one excerpt."""

HEADS = ("event", "process", "what happened")

_SAID_ELSEWHERE = frozenset({"event", "history", "process", "at_ns"})


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The first lines of a history, or of all faults of a part.

    Attributes:
        lines: Event, process and the rest in words, of each line.
        left_out: How many more there are.
    """

    lines: tuple[tuple[str, str, str], ...]
    left_out: int


def excerpt_of(events: Iterable[Mapping[str, Any]]) -> Excerpt:
    """Return the excerpt of *events*, which are objects as in ``history.jsonl``."""
    shown: list[tuple[str, str, str]] = []
    left_out = 0
    for event in events:
        if len(shown) < MOST_LINES:
            shown.append(_line(event))
        else:
            left_out += 1
    return Excerpt(tuple(shown), left_out)


def first_history(part: Path) -> Excerpt:
    """Return the beginning of the first history of the part in the folder *part*."""
    return excerpt_of(_of_first_history(part))


def phases_of(part: Path) -> frozenset[str]:
    """Return the phases that the first history of the part in the folder *part* went through."""
    return frozenset(
        str(event.get("name", "")) for event in _of_first_history(part) if event.get("event") == Phase.event
    )


def faults_of_part(part: Path) -> Excerpt:
    """Return the faults that were injected into the histories of the part in the folder *part*."""
    return excerpt_of(event for event in _events(part, f'"event":"{Fault.event}"'))


def hits_of_part(hits: Mapping[str, Mapping[str, int]]) -> Excerpt:
    """Return what struck where in an exploration, whose schedules are too many to list their faults.

    Args:
        hits: As in ``verdict.json``: how often each kind struck at each step.
    """
    lines = [(kind, "", f"at {place}: {count}") for kind, places in hits.items() for place, count in places.items()]
    return Excerpt(tuple(lines), 0)


def _of_first_history(part: Path) -> Iterator[Mapping[str, Any]]:
    number = None
    for event in _events(part):
        number = event.get("history") if number is None else number
        if event.get("history") != number:
            break
        yield event


def _events(part: Path, holding: str = "") -> Iterable[Mapping[str, Any]]:
    """Yield the events whose line holds a text; a line that cannot be read is left out, since it is judged elsewhere.

    Raises:
        StoredRunError: The file cannot be read.
    """
    try:
        with (part / HISTORY).open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if holding in line:
                    try:
                        event = json.loads(line)
                    except (ValueError, RecursionError):
                        continue
                    if isinstance(event, dict):
                        yield event
    except OSError as error:
        raise StoredRunError(f"cannot read {part / HISTORY}: {error.strerror}") from error


def _line(event: Mapping[str, Any]) -> tuple[str, str, str]:
    rest = ", ".join(f"{name} {held}" for name, held in event.items() if name not in _SAID_ELSEWHERE and held != "")
    return str(event.get("event", "")), str(event.get("process") or ""), rest
