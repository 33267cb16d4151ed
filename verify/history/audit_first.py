"""No audit, no act: what landed at the venue has the record of its intent in the audit, whoever died when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.history.words import Finding, Verdict

if TYPE_CHECKING:
    from verify.history.history import History

NAME = "audit_first"
CLAIM = "Of every effect that landed, the audit holds the intent, wherever its writer was killed."


def check(history: History) -> list[Finding]:
    """Return one finding for each effect that landed without a trace; none where no audit was read."""
    if not history.audit_reads:
        return []
    intended = {event.key for event in history.audited if event.side == "intent"}
    return [
        Finding(
            checker=NAME,
            verdict=Verdict.INVALID,
            sentence=(
                f"process {landing.event.process} landed an effect of key {landing.event.key}, "
                "and the audit that was read in the end holds no intent of it"
            ),
            operations=() if landing.op is None else (landing.op,),
            at=landing.position,
        )
        for landing in history.landings
        if landing.event.key not in intended
    ]
