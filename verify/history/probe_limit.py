"""A half-open breaker lets so many probes through at once, over all processes. A permit that has ended counts not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.history.breaker_states import breaches
from verify.history.words import Finding, Verdict

if TYPE_CHECKING:
    from verify.history.history import History

NAME = "probe_limit"
CLAIM = (
    "From the opening of a circuit breaker until a probe succeeds, no more probes are under way than its terms say."
)


def check(history: History) -> list[Finding]:
    """Return one finding for each probe that was one too many."""
    return [
        Finding(
            checker=NAME,
            verdict=Verdict.INVALID,
            sentence=(
                f"process {breach.operation.process} (operation {breach.operation.number}) was let through "
                f"as a probe for key {breach.operation.key} at event {breach.at}, "
                f"while {_named(breach.beside)} under way"
            ),
            operations=(*breach.beside, breach.operation.number),
            at=breach.at,
        )
        for breach in breaches(history)
        if breach.beside
    ]


def _named(operations: tuple[int, ...]) -> str:
    names = ", ".join(str(number) for number in operations)
    return f"the probe of operation {names} was" if len(operations) == 1 else f"those of operations {names} were"
