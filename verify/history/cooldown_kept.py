"""Between two tries of a job lies its cooldown, which doubles up to its longest. It is never taken for shorter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.history.tries import SLACK_NS, rounds, wait_ns
from verify.history.words import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from verify.history.events import RetryTerms
    from verify.history.history import History
    from verify.history.tries import Try

NAME = "cooldown_kept"
CLAIM = "Between two tries of a job lies the cooldown that the terms of its retries name for that many tries."


def check(history: History) -> list[Finding]:
    """Return one finding for each try that came too early after another one, however both are dated."""
    terms = history.retries
    if terms is None:
        return []
    findings = []
    for tried in rounds(history):
        for at, later in enumerate(tried):
            for earlier in tried[:at]:
                apart_ns, wanted_ns = _apart_ns(earlier, later), _wanted_ns(terms, tried, earlier, later)
                if apart_ns < wanted_ns - SLACK_NS:
                    findings.append(_finding(earlier, later, apart_ns, wanted_ns))
                    break
    return findings


def _apart_ns(one: Try, other: Try) -> int:
    """Return how far apart the two may have been let through, whichever was first."""
    return max(other.latest_ns - one.earliest_ns, one.latest_ns - other.earliest_ns)


def _wanted_ns(terms: RetryTerms, tried: Sequence[Try], one: Try, other: Try) -> int:
    """Return the cooldown between two tries: the first of them counts, and what had come to the venue before both."""
    asked = min(one.operation.invoked_at, other.operation.invoked_at)
    return wait_ns(terms, 1 + sum(each.position < asked for each in tried))


def _finding(earlier: Try, later: Try, apart_ns: int, wanted_ns: int) -> Finding:
    return Finding(
        checker=NAME,
        verdict=Verdict.INVALID,
        sentence=(
            f"process {later.operation.process} (operation {later.operation.number}) tried the job "
            f"{later.operation.key} at most {apart_ns / 1e9:g} s after operation {earlier.operation.number} had; "
            f"a cooldown of {wanted_ns / 1e9:g} s was promised"
        ),
        operations=(earlier.operation.number, later.operation.number),
        at=later.position,
    )
