"""A job is tried so often and no more. What counts is the request to the venue, never what the policy believes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.history.tries import rounds
from verify.history.words import Finding, Verdict

if TYPE_CHECKING:
    from verify.history.history import History

NAME = "attempts_limit"
CLAIM = "From one success to the next, a job is tried no more often than the terms of its retries say."


def check(history: History) -> list[Finding]:
    """Return one finding for each try that was one too many."""
    if history.retries is None:
        return []
    most = history.retries.attempts
    return [
        Finding(
            checker=NAME,
            verdict=Verdict.INVALID,
            sentence=(
                f"process {each.operation.process} (operation {each.operation.number}) tried the job "
                f"{each.operation.key} at event {each.position}, which was try number {number}; "
                f"at most {most} tries were promised"
            ),
            operations=(each.operation.number,),
            at=each.position,
        )
        for tried in rounds(history)
        for number, each in enumerate(tried[most:], start=most + 1)
    ]
