"""What a storm says of itself: its record, which is judged, and its figures, which are shown."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from harness.storm.asked import LEASE_S
from verify.history.record import Bound, ExplorationRecord, Server
from verify.run_layout import STORM, STORM_FIGURES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.redis_server.identity import ServerIdentity
    from harness.storm.asked import Happened
    from harness.storm.gang import Ended
    from harness.storm.timeline import Struck


def leave_record(folder: Path, happened: Happened, seen: ServerIdentity) -> ExplorationRecord:
    """Write the figures of a storm and return its record.

    Args:
        folder: The folder of the part.
        happened: What happened.
        seen: What the server says of itself.
    """
    asked, merged = happened.asked, happened.merged
    struck = happened.timeline.struck if happened.timeline is not None else []
    operations = happened.left.operations if happened.left is not None else 0
    reasons = [*happened.reasons, *_problems(happened, struck, operations)]
    kinds = tuple(dict.fromkeys(fault.meaning.kind for fault in asked.faults))
    hits: dict[str, Counter[str]] = defaultdict(Counter)
    for each in struck:
        hits[each.injected.meaning.kind][each.at or "anywhere"] += 1
    figures = {
        "schema": 1,
        "operations": operations,
        "users": asked.users,
        "processes": asked.processes,
        "asked_s": asked.seconds,
        "faults": [_fault(each, happened.began_ns) for each in struck],
        **(merged.figures.to_object() if merged is not None else {}),
    }
    (folder / STORM_FIGURES).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    buckets = merged.buckets if merged is not None else 0
    return ExplorationRecord(
        tier=STORM,
        name=f"storm, {asked.subject.name}",
        subject=asked.subject.name,
        promise=asked.subject.promise,
        bound=Bound(workers=asked.processes, faults=len(struck), kinds=kinds, workloads=(STORM,)),
        schedules=buckets,
        classes=buckets,
        exhausted=not reasons,
        reason="; ".join(reasons),
        seed=asked.seed,
        server=Server(name=seen.name, version=seen.version, sha256=seen.sha256 or "", choice=asked.choice.text),
        hits={kind: dict(places) for kind, places in hits.items()},
        applicable={kind: tuple(hits.get(kind, {"anywhere": 1})) for kind in kinds},
        outside=asked.subject.outside,
        notes=tuple(_notes(happened, struck)),
    )


def _problems(happened: Happened, struck: Sequence[Struck], operations: int) -> list[str]:
    """Return why the storm shows nothing, or not all."""
    problems = [f"{each.injected}: {each.problem}" for each in struck if each.problem]
    if not operations:
        problems.append("the users of the storm called the guard not once")
    problems += [_ended(each) for each in happened.lost if each.status >= 0]
    if happened.merged is not None and happened.merged.torn:
        problems.append(f"{happened.merged.torn} lines of the record were cut off")
    return problems


def _ended(ended: Ended) -> str:
    return f"worker process w{ended.number} ended by itself, with {ended.how}: {ended.said}"


def _notes(happened: Happened, struck: Sequence[Struck]) -> list[str]:
    asked = happened.asked
    notes = [
        f"{asked.users} users in {asked.processes} worker processes for {asked.seconds:g} s; a claim is {LEASE_S:g} s"
    ]
    notes += [f"{each.injected}: {each.witness or each.problem or 'nothing shows that it bit'}" for each in struck]
    notes += [
        f"worker process w{each.number} was ended by {each.how}, which nothing here has sent; what it wrote is judged"
        for each in happened.lost
        if each.status < 0
    ]
    if happened.merged is not None:
        answers = ", ".join(f"{name} {count:,}" for name, count in happened.merged.figures.answers.items())
        notes.append(f"answers: {answers or 'none'}")
    return [*notes, *happened.notes]


def _fault(struck: Struck, began_ns: int) -> dict[str, Any]:
    return {
        "asked": str(struck.injected),
        "word": struck.injected.word,
        "from_s": round((struck.at_ns - began_ns) / 1e9, 3),
        "to_s": round((struck.until_ns - began_ns) / 1e9, 3),
        "witness": struck.witness,
    }
