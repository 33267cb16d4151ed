"""What an exploration needs to go on where it stopped: what came of every schedule, in the order of their turns.

The search is the same every time. So whoever starts it again and answers each schedule that is known from the journal
comes to where the journal ends.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from harness.explorer.outcome import digest_of, heard, said
from harness.explorer.shorthand import Hearer, Speaker
from verify.run_layout import EXPLORED, HISTORY, JOURNAL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.explorer.outcome import Outcome

_LENGTH = struct.Struct(">I")

Place = tuple[int, tuple[str, ...]]
"""Where a schedule belongs: the number of its pass, and the decisions it was told."""


def entry(place: Place, outcome: Outcome, speaker: Speaker) -> bytes:
    """Return what the journal holds of one schedule; the events of its history are elsewhere."""
    at, prefix = place
    if outcome.history is not None and outcome.history.lines:
        outcome = replace(outcome, history=replace(outcome.history, lines=()))
    message = speaker.message((at, [speaker.number(each) for each in prefix], said(outcome, speaker)))
    return _LENGTH.pack(len(message)) + message


@dataclass(slots=True)
class Remembered:
    """What an interrupted exploration left behind.

    Attributes:
        outcomes: What came of each schedule.
        histories: The number of each distinct history, by its digest.
        schedules: How many schedules showed one.
        speaker: The numbers that the journal uses.
    """

    outcomes: dict[Place, Outcome] = field(default_factory=dict)
    histories: dict[bytes, int] = field(default_factory=dict)
    schedules: int = 0
    speaker: Speaker = field(default_factory=Speaker)


def remember(folder: Path) -> Remembered:
    """Read what an exploration left in *folder*; what was written only in part is cut off.

    A killed process may leave each file a little further than the next: first the histories are written, then the
    schedules, then the journal. What the journal does not hold is run again.
    """
    remembered = Remembered()
    hearer = Hearer()
    whole = 0
    data = (folder / JOURNAL).read_bytes()
    for message, end in _messages(data):
        whole = end
        at, prefix, told = hearer.heard(message)
        outcome = heard(told, hearer)
        remembered.outcomes[at, tuple(map(hearer.value, prefix))] = outcome
        remembered.schedules += outcome.history is not None
    (folder / JOURNAL).write_bytes(data[:whole])
    remembered.speaker = Speaker(hearer.values())
    _cut(folder / EXPLORED, remembered.schedules)
    wanted = {outcome.history.digest for outcome in remembered.outcomes.values() if outcome.history is not None}
    remembered.histories = _histories(folder / HISTORY, len(wanted))
    return remembered


def _messages(data: bytes) -> Iterator[tuple[bytes, int]]:
    """Yield every whole message with the place where it ends."""
    at = 0
    while at + _LENGTH.size <= len(data):
        (length,) = _LENGTH.unpack_from(data, at)
        end = at + _LENGTH.size + length
        if end > len(data):
            return
        yield data[at + _LENGTH.size : end], end
        at = end


def _cut(path: Path, lines: int) -> None:
    """Keep the first *lines* lines of a file."""
    kept = path.read_bytes().split(b"\n")[:lines]
    path.write_bytes(b"".join(line + b"\n" for line in kept))


def _histories(path: Path, count: int) -> dict[bytes, int]:
    """Keep the first *count* histories of a file; return the number of each by its digest."""
    events: dict[int, list[str]] = {}
    kept = 0
    with path.open("r+b") as file:
        for line in file:
            number, _, rest = line.removeprefix(b'{"history":').partition(b",")
            if not line.endswith(b"\n") or int(number) > count:
                break
            events.setdefault(int(number), []).append("{" + rest.decode().rstrip("\n"))
            kept += len(line)
        file.truncate(kept)
    return {digest_of(lines): number for number, lines in events.items()}
