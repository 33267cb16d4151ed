"""While a breaker is open, nobody calls. What counts is the request to the venue, never what the breaker answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.history.breaker_states import breaches
from verify.history.words import Finding, Verdict

if TYPE_CHECKING:
    from verify.history.history import History

NAME = "open_refuses"
CLAIM = "While a circuit breaker is open, nobody who comes to it calls the venue."


def check(history: History) -> list[Finding]:
    """Return one finding for each call that was let through while the breaker must have been open."""
    return [
        Finding(
            checker=NAME,
            verdict=Verdict.INVALID,
            sentence=(
                f"process {breach.operation.process} (operation {breach.operation.number}) called the venue for key "
                f"{breach.operation.key} at event {breach.at}, though the breaker was open since event {breach.since}"
            ),
            operations=(breach.operation.number,),
            at=breach.at,
        )
        for breach in breaches(history)
        if not breach.beside
    ]
