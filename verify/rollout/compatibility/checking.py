"""Compares how a tree behaves with what the baseline recorded: golden outputs, API, configuration."""

from __future__ import annotations

import json
from itertools import zip_longest
from typing import TYPE_CHECKING

from verify.history.words import Verdict
from verify.rollout.compatibility.changes import Change, Schemas, Side, shown
from verify.rollout.compatibility.json_schema import Comparison
from verify.rollout.compatibility.openapi import interface_changes
from verify.rollout.compatibility.recording import API, CONFIGURATION, recordings
from verify.rollout.errors import CannotCheckError
from verify.rollout.findings import Finding, unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from verify.rollout.inside_tree import Interpreter
    from verify.rollout.manifest import Baseline

_AGREES = {
    API: "the API takes and answers all that it did in the baseline",
    CONFIGURATION: "every configuration that the baseline takes is taken, with the same defaults",
}


def compatibility(baseline: Baseline, interpreter: Interpreter) -> tuple[list[Finding], list[str]]:
    """Return what breaks somebody who used the tree as it was, and what was looked at.

    Args:
        baseline: What was recorded, and the rules that ask for it.
        interpreter: Where code of the tree may run.
    """
    findings, evidence = [], []
    for name, make in recordings(baseline.rules, interpreter).items():
        found = list(_compared(name, baseline, make))
        findings += found
        if not found:
            evidence.append(_AGREES.get(name, f"{name} is as it was recorded, with everything off"))
    if baseline.rules.compatibility is None:
        evidence.append("the rules have no [compatibility]: no golden outputs and no schemas were compared")
    return findings, evidence


def _compared(name: str, baseline: Baseline, make: Callable[[], str]) -> Iterator[Finding]:
    kind = name.partition(" ")[0]
    if name not in baseline.recorded:
        why = _because(baseline, name) or "; make it again: stormproof baseline create"
        yield unknown(f"the baseline recorded no {name}{why}", rule=kind)
        return
    try:
        now = make()
    except CannotCheckError as error:
        yield unknown(f"{name}: {error}", rule=kind)
        return
    for change in text_changes(name, baseline.recorded[name], now):
        verdict = Verdict.INVALID if change.is_known else Verdict.UNKNOWN
        doubt = "" if change.is_known else "; nobody can tell from this whether it breaks somebody"
        yield Finding(rule=kind, sentence=f"{change.sentence}{doubt}", verdict=verdict)


def text_changes(name: str, was: str, now: str) -> Iterator[Change]:
    """Yield how two recordings of *name* differ where that breaks somebody, or where nobody can tell."""
    if name == API:
        yield from interface_changes(json.loads(was), json.loads(now))
    elif name == CONFIGURATION:
        before, after = json.loads(was), json.loads(now)
        comparison = Comparison(Schemas(before), Schemas(after), Side.GIVEN)
        yield from comparison.changes(before, after, "the configuration")
    else:
        yield from _line_changes(name, was.splitlines(), now.splitlines())


def _line_changes(name: str, was: list[str], now: list[str]) -> Iterator[Change]:
    """Yield the first line that differs; what follows it seldom says more."""
    for number, (old, new) in enumerate(zip_longest(was, now)):
        if old != new:
            place = f"line {number}" if number else "its end"
            said = "missing" if new is None else shown(new)
            yield Change(f"{name}: {place} is {said}, where {'nothing' if old is None else shown(old)} was recorded")
            return


def recording_differences(before: Baseline, after: Baseline) -> Iterator[str]:
    """Yield in words how what two baselines recorded differs, what breaks nobody in one sentence."""
    old, new = before.recorded, after.recorded
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            yield f"{name} is no longer recorded{_because(after, name)}"
        elif name not in old:
            yield f"{name} is recorded now"
        elif old[name] != new[name]:
            said = [change.sentence for change in text_changes(name, old[name], new[name])]
            yield from said or [f"{name} changed, and breaks nobody"]


def _because(baseline: Baseline, name: str) -> str:
    return f": {baseline.lacking[name]}" if name in baseline.lacking else ""
