"""What an exploration says of itself that keeps it from being VALID, whatever its histories show."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from verify.run_layout import STORM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.history.record import ExplorationRecord


def unfinished(record: ExplorationRecord) -> Iterator[str]:
    """Say what kept the exploration from running all that its bound holds."""
    if record.schedules == 0:
        yield "no schedule was run" + (f": {record.reason}" if record.reason else "")
    elif not record.exhausted:
        ran = "" if record.tier == STORM else f"stopped after {record.schedules} schedules: "
        yield f"{ran}{record.reason or 'no reason was recorded'}"
    if record.step_limited:
        yield f"{record.step_limited} schedules ended by the step limit or a stall, so their end is unknown"
    if record.nondeterministic:
        yield record.nondeterministic


def uncovered(record: ExplorationRecord) -> Iterator[str]:
    """Name the fault kinds that were asked for and never bit."""
    for kind, reason in sorted(record.unavailable.items()):
        yield f"fault kind {kind} cannot be done here: {reason}"
    hits: dict[str, int] = defaultdict(int)
    for kind, steps in record.hits.items():
        hits[kind] += sum(steps.values())
    for kind, places in sorted(record.applicable.items()):
        if places and not hits[kind]:
            yield f"fault kind {kind} was applicable at {', '.join(places)}, but never hit"
