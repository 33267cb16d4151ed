"""The frozen model is as the baseline has it, and still predicts what it predicted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from verify.rollout.errors import CannotCheckError
from verify.rollout.findings import Finding, unknown
from verify.rollout.golden import golden
from verify.rollout.libraries import versions_of
from verify.rollout.patterns import matches
from verify.rollout.rules import Group
from verify.rollout.unchanged import unchanged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.rollout.context import Context
    from verify.rollout.findings import Result
    from verify.rollout.rules import Model

ID = "frozen_model_unchanged"
TITLE = "Frozen model unchanged"
CLAIM = (
    "The frozen model's weights, preprocessing and inference are as the baseline has them, its libraries have the "
    "recorded versions, and its golden predictions come out again."
)


def check(context: Context) -> Result:
    """Return whether it is true of the tree."""
    result = unchanged(context, Group.FROZEN_MODEL, id=ID, title=TITLE, claim=CLAIM)
    model = context.baseline.rules.model
    if model is None:
        lacking = unknown("the rules have no [model], so that no prediction was asked for", rule="no-rules")
        return replace(result, findings=(*result.findings, lacking))
    findings, evidence = [*result.findings, *_unprotected(context, model)], list(result.evidence)
    if weights := context.baseline.entries.get(model.weights):
        evidence.append(f"weights {model.weights}: sha256 {weights.sha256}")
    try:
        findings += _other_libraries(context, model)
        found, seen = golden(context, model)
    except CannotCheckError as error:
        findings.append(unknown(str(error)))
    else:
        findings += found
        evidence.append(seen)
        evidence += [f"library {name}: {version}" for name, version in context.baseline.libraries.items()]
    return replace(result, findings=tuple(findings), evidence=tuple(evidence))


def _unprotected(context: Context, model: Model) -> Iterator[Finding]:
    """Yield what belongs to the model and is compared by nobody."""
    patterns = context.baseline.rules.protected.get(Group.FROZEN_MODEL, ())
    for path in model.files:
        if not matches(path, patterns):
            sentence = f"{path} belongs to the model, and [protected] frozen_model does not mean it"
            yield unknown(sentence, path, "unprotected")
        elif path not in context.baseline.entries:
            yield unknown(f"{path} belongs to the model, and the baseline has no such file", path, "unprotected")


def _other_libraries(context: Context, model: Model) -> Iterator[Finding]:
    recorded = context.baseline.libraries
    for name, version in versions_of(model.libraries, context.interpreter).items():
        if version != recorded.get(name):
            sentence = (
                f"the library {name} is {version}, and was {recorded.get(name, 'not recorded')} in the baseline"
            )
            yield Finding(rule="library", sentence=sentence)
