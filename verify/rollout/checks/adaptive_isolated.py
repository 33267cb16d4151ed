"""The adaptive side and the protected one do not know each other: by their imports, and when they are imported."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from verify.rollout.errors import CannotCheckError
from verify.rollout.findings import Finding, Result, unknown
from verify.rollout.import_reach import import_reach

if TYPE_CHECKING:
    from verify.rollout.context import Context
    from verify.rollout.rules import Isolation

ID = "adaptive_isolated"
TITLE = "Adaptive isolated"
CLAIM = (
    "No chain of imports joins the adaptive side and the protected one, and importing the adaptive side neither "
    "loads nor replaces anything protected."
)


def check(context: Context) -> Result:
    """Return whether it is true of the tree."""
    isolation = context.baseline.rules.isolation
    if isolation is None:
        lacking = unknown("the rules have no [isolation], so that nothing was looked at", rule="no-rules")
        return Result(id=ID, title=TITLE, claim=CLAIM, findings=(lacking,), evidence=())
    findings, evidence = [], []
    for look in (_by_imports, _by_loading, _by_watching):
        try:
            found, seen = look(context, isolation)
        except CannotCheckError as error:
            findings.append(unknown(str(error)))
            continue
        findings += found
        evidence.append(seen)
    return Result(id=ID, title=TITLE, claim=CLAIM, findings=tuple(findings), evidence=tuple(evidence))


def _by_imports(context: Context, isolation: Isolation) -> tuple[list[Finding], str]:
    """Return the chains of imports in either direction."""
    pairs = [(one, other) for one in isolation.isolated for other in isolation.protected]
    pairs += [(other, one) for one, other in pairs]
    # Nothing of the tree is imported for it, so it runs where grimp is installed.
    reach = import_reach(replace(context.interpreter, python=sys.executable), pairs)
    findings = [
        Finding(rule="import-chain", sentence=f"{chain[0]} reaches {chain[-1]}: {' -> '.join(chain)}")
        for chain in reach.chains
    ]
    for path, line in reach.made:
        sentence = f"{path}:{line} imports a module whose name is made at run time, so that it cannot be followed"
        findings.append(replace(unknown(sentence, path, "dynamic-import"), line=line))
    return findings, f"import chains of {reach.modules:,} modules, importlib with literal names included"


def _by_loading(context: Context, isolation: Isolation) -> tuple[list[Finding], str]:
    """Return what the adaptive side loads of the protected one, by itself."""
    answer = _import(context, isolation, watch=False)
    findings = [
        Finding(rule="loaded", sentence=f"importing {', '.join(isolation.isolated)} loads {name}, which is protected")
        for name in answer["loaded"]
    ]
    seen = f"imported alone: {', '.join(answer['imported'])}; of sys.modules {len(findings)} are protected"
    return findings, seen


def _by_watching(context: Context, isolation: Isolation) -> tuple[list[Finding], str]:
    """Return what the adaptive side replaces in the protected one, by identity before and after."""
    answer = _import(context, isolation, watch=True)
    names = ", ".join(isolation.isolated)
    findings = [
        Finding(rule="patched", sentence=f"importing {names} {what} {name}")
        for what, key in (("replaces", "replaced"), ("adds", "added"))
        for name in answer[key]
    ]
    return findings, f"{answer['watched']:,} attributes of the protected modules compared before and after"


def _import(context: Context, isolation: Isolation, *, watch: bool) -> dict[str, list[str]]:
    answer: dict[str, list[str]] = context.interpreter.run(
        "import_watch", isolated=list(isolation.isolated), protected=list(isolation.protected), watch=watch
    )
    return answer
