"""The guards of effects are there, work on a real Redis, and stand before every call that has an effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.rollout.call_sites import call_sites
from verify.rollout.errors import CannotCheckError
from verify.rollout.findings import Finding, unknown
from verify.rollout.guards import guards_active
from verify.rollout.rules import GuardKind

if TYPE_CHECKING:
    from verify.rollout.context import Context
    from verify.rollout.findings import Result

ID = "idempotency_active"
TITLE = "Idempotency active"
CLAIM = (
    "Every required guard of effects can be imported, is where the application uses it, runs an effect once on a "
    "real Redis, and no effect is called past the guards where the rules do not allow it."
)


def check(context: Context) -> Result:
    """Return whether it is true of the tree."""
    try:
        findings, seen = _calls(context)
    except CannotCheckError as error:
        findings, seen = [unknown(str(error))], []
    return guards_active(
        context,
        GuardKind.IDEMPOTENCY,
        id=ID,
        title=TITLE,
        claim=CLAIM,
        more=tuple(findings),
        seen=tuple(seen),
    )


def _calls(context: Context) -> tuple[list[Finding], list[str]]:
    effects = context.baseline.rules.effects
    if effects is None:
        return [], ["the rules name no function that has an effect, so that no calls were looked for"]
    sites, lacking = call_sites(context.tree, effects, context.baseline.rules.import_roots)
    findings, seen = [unknown(said, rule="no-function") for said in lacking], []
    for site in sites:
        place = f"{site.path}:{site.line}"
        if site.is_guarded:
            seen.append(f"call of {site.function}: guarded at {place}")
        elif site.is_allowed:
            seen.append(f"call of {site.function}: unguarded at {place}, as the rules allow")
        else:
            sentence = f"{place} uses {site.function} without a guard"
            findings.append(Finding(rule="unguarded", path=site.path, line=site.line, sentence=sentence))
    return findings, seen
