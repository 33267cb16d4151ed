"""One key stands for one payload. Looks only at what landed, never at which payload came first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.history.words import Finding, Verdict

if TYPE_CHECKING:
    from verify.history.history import History

NAME = "conflict"
CLAIM = "Of one key only one payload lands, and a caller who was told of a conflict landed nothing."


def check(history: History) -> list[Finding]:
    """Return findings for keys that landed several payloads and for conflicts that landed an effect."""
    findings = []
    for key in history.landed_keys:
        landings = history.landings_of(key)
        payloads = {landing.event.payload: landing for landing in reversed(landings)}
        if len(payloads) > 1:
            first_two = sorted(payloads.values(), key=lambda landing: landing.position)[:2]
            findings.append(
                Finding(
                    checker=NAME,
                    verdict=Verdict.INVALID,
                    sentence=f"key {key} landed {len(payloads)} different payloads: {', '.join(sorted(payloads))}",
                    operations=tuple(landing.op for landing in first_two if landing.op is not None),
                    at=first_two[1].position,
                )
            )
    landed_by = {landing.op for landing in history.landings}
    findings += [
        Finding(
            checker=NAME,
            verdict=Verdict.INVALID,
            sentence=(
                f"process {operation.process} was told of a conflict on key {operation.key} "
                f"(operation {operation.number}), but its own effect landed"
            ),
            operations=(operation.number,),
        )
        for operation in history.operations
        if operation.word == "conflict" and operation.number in landed_by
    ]
    return findings
