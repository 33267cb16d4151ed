"""A storm in words: how much it was, how fast, and what became of its findings among the enumerated schedules.

It repeats what was measured and decided, and decides nothing itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reports.stored_run import read_object
from verify.run_layout import DEMOTIONS, STORM_FIGURES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reports.judged_run import JudgedPart


def storm_of(part: JudgedPart) -> Mapping[str, Any] | None:
    """Return the figures of a storm; None where the part is none.

    Raises:
        StoredRunError: They are missing, cut off or no JSON object.
    """
    return read_object(part.stored.folder / STORM_FIGURES) if part.is_storm else None


def storm_lines(figures: Mapping[str, Any]) -> Iterator[str]:
    """Yield what was measured in a storm, line by line."""
    seconds = figures["seconds"]
    per_s = f", {figures['operations'] / seconds:,.0f}/s" if seconds else ""
    slow = ", ".join(
        f"{name[:-3]} {figures[name]:,.1f} ms" for name in ("p50_ms", "p95_ms", "p99_ms") if name in figures
    )
    yield (
        f"{figures['operations']:,} calls by {figures['users']} users in {figures['processes']} worker processes"
        f"{per_s}{f'; {slow}' if slow else ''}"
    )
    answers = ", ".join(f"{name} {count:,}" for name, count in figures["answers"].items())
    yield f"answers: {answers or 'none'}"


def demotion_lines(part: JudgedPart) -> Iterator[tuple[str, str]]:
    """Yield for each promise that a part broke what enumerated schedules show of it, and the replay line."""
    path = part.stored.folder / DEMOTIONS
    if not path.is_file():
        return
    for each in read_object(path)["demotions"]:
        if each["decisions"]:
            under = " + ".join(each["faults"]) or "no fault"
            words = " ".join(each["decisions"])
            yield f"{each['checker']} is shown by one schedule, under {under}: {words}", each["replay"]
        else:
            yield f"{each['checker']} is shown by no schedule of: {'; '.join(each['searched'])}", ""
