"""The kill matrix of a self-test in words: planted guard x checker x tier, and how often somebody sound was accused.

It repeats what was decided and decides nothing itself.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from verify.history.judge import EXPLORE
from verify.history.kill_matrix import CAUGHT
from verify.run_layout import PROPERTIES, SCENARIOS, STORM

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reports.judged_run import JudgedRun

_TIERS = {EXPLORE: "explorer", PROPERTIES: "trials", SCENARIOS: "stories", STORM: "storms"}
KILL_HEADS = ("planted guard", "must be caught by", *(f"caught in {name} by" for name in _TIERS.values()))
BRIEF_HEADS = ("planted guard", "must be caught by", "was caught in")
KEY = "kill_matrix"
"""Where it stands in the verdict of a self-test."""


def kill_matrix_of(judged: JudgedRun) -> Mapping[str, Any] | None:
    """Return the matrix of a self-test of more tiers than the explorer's; None for any other run."""
    matrix: Mapping[str, Any] | None = judged.object.get(KEY)
    if matrix is None or all(claim["tier"] == EXPLORE for claim in matrix["claims"]):
        return None
    return matrix


def kill_rows(matrix: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield a row for each planted guard, with who caught it; a dash where a tier claims nothing of it."""
    for guard, by_tier in _by_guard(matrix):
        yield guard, _must(by_tier), *(_cell(by_tier.get(tier, [])) for tier in _TIERS)


def brief_kill_rows(matrix: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield a row for each planted guard, narrow enough for a terminal: in which tiers its checker caught it."""
    for guard, by_tier in _by_guard(matrix):
        said = []
        for tier, name in _TIERS.items():
            seen = Counter(claim["seen"] for claim in by_tier.get(tier, []))
            times = f" x{seen[CAUGHT]}" if seen[CAUGHT] > 1 else ""
            said += [f"{name}{times}"] if seen.pop(CAUGHT, 0) else []
            said += [f"{word.upper()} in {name}" for word in sorted(seen)]
        yield guard, _must(by_tier), ", ".join(said)


def kill_lines(matrix: Mapping[str, Any]) -> Iterator[str]:
    """Yield how many claims were kept, tier by tier, and how many false alarms there were in how many schedules."""
    for tier, name in _TIERS.items():
        seen = Counter(claim["seen"] for claim in matrix["claims"] if claim["tier"] == tier)
        if seen:
            yield f"{name}: {', '.join(f'{number} {word}' for word, number in sorted(seen.items()))}"
    yield f"missed: {_named(matrix['missed'])}"
    sound = matrix["sound"]
    yield (
        f"false alarms: {_named(matrix['false_alarms'])}, in {_many(sound['schedules'], 'schedule')} "
        f"({_many(sound['parts'], 'check')} of sound guards)"
    )
    if matrix["not_shown"]:
        yield f"not shown: {_named(matrix['not_shown'])}"


def _by_guard(matrix: Mapping[str, Any]) -> list[tuple[str, dict[str, list[Mapping[str, Any]]]]]:
    """Return the claims of each planted guard by their tiers, in the order of the alphabet."""
    claims: dict[str, dict[str, list[Mapping[str, Any]]]] = {}
    for claim in matrix["claims"]:
        claims.setdefault(claim["guard"], {}).setdefault(claim["tier"], []).append(claim)
    return sorted(claims.items())


def _must(by_tier: Mapping[str, list[Mapping[str, Any]]]) -> str:
    return ", ".join(dict.fromkeys(claim["checker"] for each in by_tier.values() for claim in each))


def _named(names: list[str]) -> str:
    return f"{len(names)} ({'; '.join(names)})" if names else "0"


def _many(number: int, one: str) -> str:
    return f"{number:,} {one}{'' if number == 1 else 's'}"


def _cell(claims: list[Mapping[str, Any]]) -> str:
    if not claims:
        return "-"
    caught = Counter(checker for claim in claims for checker in claim["caught_by"])
    by = ", ".join(f"{checker} x{times}" if times > 1 else checker for checker, times in sorted(caught.items()))
    # What was not caught by its own checker is said in capitals, whatever else was found.
    failed = sorted({claim["seen"].upper() for claim in claims if claim["seen"] != CAUGHT})
    return "; ".join([*failed, by] if by else failed)
