"""Brings together what all workers of a storm wrote, the venue's book and what the harness did: one history a bucket.

No question is asked across keys, and every event of a key is in one bucket, so that the buckets can be judged one
after the other. Only one of them is ever in memory.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.storm.figures import Figures
from harness.storm.recording import as_line, bucket_of
from verify.run_layout import EXPLORED, HISTORY, SCHEDULES, STORM

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from harness.storm.recording import Recording
    from verify.history.events import Event

REDELIVER = "redeliver"
"""The phase in which everything that is open was delivered again."""

_AT = re.compile(rb'"at_ns":(\d+)')
_KEY = re.compile(rb'"key":("(?:[^"\\]|\\.)*")')


@dataclass(slots=True)
class Merged:
    """What was brought together.

    Attributes:
        buckets: Histories that were written.
        events: Events in all of them, each counted once.
        torn: Last lines without an end, as a killed process may leave them; what they tell of was never done.
        figures: What was measured on the way.
    """

    buckets: int = 0
    events: int = 0
    torn: int = 0
    figures: Figures = field(default_factory=Figures)


def spread_book(book: Path, writing: Recording, buckets: int) -> int:
    """Copy the lines of the venue's book into the buckets; return how many there are.

    Raises:
        ValueError: A line has no key.
    """
    lines = 0
    with book.open("rb") as stored:
        for line in stored:
            key = _KEY.search(line)
            if key is None:
                raise ValueError(f"a line of the book at {book} has no key: {line[:120]!r}")
            writing.put(bucket_of(json.loads(key[1].decode("utf-8", "surrogatepass")), buckets), line)
            lines += 1
    return lines


def merge(
    source: Path, into: Path, buckets: int, common: Sequence[Event], unfinished: set[int], *, began_ns: int
) -> Merged:
    """Write ``history.jsonl`` and the lines that stand for schedules; the files of *source* are removed.

    Args:
        source: Where everybody wrote.
        into: The folder of the part.
        buckets: How many there are.
        common: Phases and faults: what concerns every key.
        unfinished: Buckets with an order that was not delivered again often enough: theirs is no end.
        began_ns: When the storm began.
    """
    merged = Merged(figures=Figures(began_ns))
    (into / SCHEDULES).mkdir(parents=True, exist_ok=True)
    everywhere = [as_line(event) for event in common]
    without_end = [line for line in everywhere if f'"name":"{REDELIVER}"'.encode() not in line]
    with (into / HISTORY).open("wb") as history, (into / EXPLORED).open("wb") as explored:
        for bucket in range(buckets):
            paths = sorted(source.glob(f"{bucket:03d}.*.jsonl"))
            own = list(_lines(paths, merged))
            if not own:
                continue
            merged.buckets += 1
            merged.events += len(own)
            lines = [*(without_end if bucket in unfinished else everywhere), *own]
            # Python's sort keeps the order of equal times: what one process said stays in its order.
            lines.sort(key=_at_ns)
            head = b'{"history":%d,' % merged.buckets
            history.writelines(head + line[1:] for line in lines)
            explored.write(b"%d\t0\t%s: \n" % (merged.buckets, STORM.encode()))
            merged.figures.take(own)
            for path in paths:
                path.unlink()
    return merged


def _lines(paths: Iterable[Path], merged: Merged) -> Iterator[bytes]:
    for path in paths:
        with path.open("rb") as stored:
            for line in stored:
                if line.endswith(b"\n"):
                    yield line
                else:
                    merged.torn += 1


def _at_ns(line: bytes) -> int:
    found = _AT.search(line)
    return int(found[1]) if found else 0
