"""A later landing carries a greater fence. Judges the order at the venue, never the order of drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.history.words import Finding, Verdict

if TYPE_CHECKING:
    from verify.history.history import History, Landing

NAME = "fence_order"
CLAIM = "Of one key the fences that land at the venue strictly increase; effects without a fence are not compared."


def check(history: History) -> list[Finding]:
    """Return one finding for each landing whose fence does not exceed the highest one landed before it."""
    findings = []
    highest: dict[str, tuple[int, Landing]] = {}
    for landing in history.landings:
        event = landing.event
        if event.fence is None:
            continue
        before = highest.get(event.key)
        if before is None or event.fence > before[0]:
            highest[event.key] = (event.fence, landing)
            continue
        findings.append(
            Finding(
                checker=NAME,
                verdict=Verdict.INVALID,
                sentence=(
                    f"process {event.process} landed key {event.key} with fence {event.fence} "
                    f"after process {before[1].event.process} had landed it with fence {before[0]}"
                ),
                operations=tuple(op for op in (before[1].op, landing.op) if op is not None),
                at=landing.position,
            )
        )
    return findings
