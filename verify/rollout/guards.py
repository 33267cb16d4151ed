"""What is proved of each required guard: importable, wired, live-probed, switched on. Shared by two checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.rollout.configuration import MISSING, read_configuration, value_of
from verify.rollout.errors import CannotCheckError
from verify.rollout.findings import Finding, Result, unknown
from verify.rollout.live import probe

if TYPE_CHECKING:
    from verify.rollout.context import Context
    from verify.rollout.rules import Guard, GuardKind


def guards_active(
    context: Context,
    kind: GuardKind,
    *,
    id: str,  # noqa: A002 - its name
    title: str,
    claim: str,
    more: tuple[Finding, ...] = (),
    seen: tuple[str, ...] = (),
) -> Result:
    """Return whether every required guard of *kind* is there, is used, and works on a real Redis.

    Args:
        context: What may be looked at.
        kind: Which guards.
        id: As in the result.
        title: As in the result.
        claim: As in the result.
        more: What the check found besides.
        seen: What the check looked at besides.
    """
    wanted = [guard for guard in context.baseline.rules.guards if guard.kind == kind]
    findings, evidence = list(more), []
    if not wanted:
        findings.append(unknown(f"the rules require no guard of kind {kind}, so there was nothing to try"))
    for guard in wanted:
        try:
            found, said = _of_one(context, guard)
        except CannotCheckError as error:
            findings.append(unknown(f"{guard.name}: {error}", rule="not-probed"))
            continue
        findings += found
        evidence += said
    return Result(id=id, title=title, claim=claim, findings=tuple(findings), evidence=(*evidence, *seen))


def _of_one(context: Context, guard: Guard) -> tuple[list[Finding], list[str]]:
    findings, evidence = [], []
    targets = {guard.make: "importable"} | ({guard.wired: "wired"} if guard.wired else {})
    said = context.interpreter.run("has", targets=list(targets))
    for (target, what), amiss in zip(targets.items(), said, strict=True):
        if amiss:
            findings.append(Finding(rule=f"not-{what}", sentence=f"{guard.name} is not {what}: {amiss}"))
        else:
            evidence.append(f"{guard.name}: {what} as {target}")
    if findings:
        return findings, evidence
    found, seen = probe(context, guard)
    findings += found
    if not found:
        evidence.append(seen)
    switched, stands = _switched(context, guard)
    return findings + switched, [*evidence, *stands]


def _switched(context: Context, guard: Guard) -> tuple[list[Finding], list[str]]:
    """Return whether the guard is switched on, and whether it must be."""
    defaults = context.baseline.rules.defaults
    if not guard.flag:
        return [], [f"{guard.name}: always on; no flag switches it"]
    if defaults is None:
        return [unknown(f"{guard.name}: no [defaults] say where its flag {guard.flag} stands")], []
    value = value_of(read_configuration(context.tree / defaults.file, defaults.file), guard.flag)
    if guard.flag in context.expect_enabled and value is not True:
        is_said = "not there" if value is MISSING else f"{value!r}"
        sentence = f"{guard.name} is not switched on: {guard.flag} is {is_said}, and was expected to be true"
        return [Finding(rule="switched-off", path=defaults.file, sentence=sentence)], []
    return [], [f"{guard.name}: switched {'on' if value is True else 'off'} ({guard.flag})"]
