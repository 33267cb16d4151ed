"""Every fault is known to have bitten. An assumption: a fault that may not have happened shows nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.history.words import Finding, Verdict

if TYPE_CHECKING:
    from verify.history.history import History

NAME = "witnesses"
CLAIM = "Every injected fault has left a witness."


def check(history: History) -> list[Finding]:
    """Return one UNKNOWN finding for each fault without a witness."""
    return [
        Finding(
            checker=NAME,
            verdict=Verdict.UNKNOWN,
            sentence=f"fault {fault.kind}{_place(fault.process, fault.at)} left no witness that it bit",
        )
        for _, fault in history.faults
        if not fault.witness
    ]


def _place(process: str | None, at: str) -> str:
    return (f" on process {process}" if process else "") + (f" at {at}" if at else "")
