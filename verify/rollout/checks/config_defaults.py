"""The configuration is delivered with safe values, the rules are the baseline's, and what worked still works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from verify.rollout.baseline import rules_of
from verify.rollout.compatibility.checking import compatibility
from verify.rollout.configuration import MISSING, read_configuration, value_of
from verify.rollout.errors import CannotCheckError, RolloutError
from verify.rollout.findings import Finding, Result, unknown
from verify.rollout.rules import FILE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.rollout.context import Context

ID = "config_defaults_safe"
TITLE = "Config defaults safe"
CLAIM = (
    "Every expected key of the configuration is there once and has its safe value, the rules are unchanged, and what "
    "they ask to stay compatible is: golden outputs, API, configuration."
)


def check(context: Context) -> Result:
    """Return whether it is true of the tree."""
    defaults = context.baseline.rules.defaults
    findings, evidence = list(_other_rules(context)), []
    if defaults is None:
        findings.append(unknown("the rules have no [defaults], so that no value was looked at", rule="no-rules"))
        return Result(id=ID, title=TITLE, claim=CLAIM, findings=tuple(findings), evidence=())
    try:
        held = read_configuration(context.tree / defaults.file, defaults.file)
    except CannotCheckError as error:
        findings.append(unknown(str(error), defaults.file))
    else:
        for key, safe in defaults.expected.items():
            wanted = True if key in context.expect_enabled else safe
            value = value_of(held, key)
            if _is_same(value, wanted):
                evidence.append(f"{key} is {wanted!r}")
            else:
                said = "not there" if value is MISSING else f"{value!r}"
                sentence = f"{defaults.file}: {key} is {said}, where {wanted!r} is expected"
                findings.append(Finding(rule="default", path=defaults.file, sentence=sentence))
    broken, seen = compatibility(context.baseline, context.interpreter)
    findings, evidence = findings + broken, evidence + seen
    return Result(id=ID, title=TITLE, claim=CLAIM, findings=tuple(findings), evidence=tuple(evidence))


def _is_same(value: Any, wanted: Any) -> bool:
    # 0 is no false and 1.0 is no true, though Python finds them equal.
    return value == wanted and isinstance(value, bool) == isinstance(wanted, bool)


def _other_rules(context: Context) -> Iterator[Finding]:
    try:
        rules = rules_of(context.tree)
    except RolloutError as error:
        yield Finding(rule="rules", path=FILE, sentence=f"the rules of the tree cannot be used: {error}")
        return
    if rules.meaning != context.baseline.rules.meaning:
        sentence = f"{FILE} does not say what it said in the baseline, whose rules were used here"
        yield Finding(rule="rules", path=FILE, sentence=sentence)
