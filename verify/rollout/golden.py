"""Whether the frozen model still says what it said: its predictions for the golden inputs, within a tolerance."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from verify.rollout.errors import CannotCheckError
from verify.rollout.findings import Finding
from verify.rollout.reading import whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.rollout.context import Context
    from verify.rollout.rules import Model


def golden(context: Context, model: Model) -> tuple[list[Finding], str]:
    """Return what differs from the golden predictions, and what was looked at.

    Raises:
        CannotCheckError: The golden file cannot be used, or the model cannot be asked.
    """
    try:
        held = json.loads(whole(context.tree / model.golden))
        inputs, outputs = [each["input"] for each in held], [each["output"] for each in held]
    except (OSError, ValueError, KeyError, TypeError, RecursionError, CannotCheckError) as error:
        raise CannotCheckError(
            f"{model.golden} is no list of objects with input and output ({type(error).__name__}: {error})"
        ) from None
    if not inputs:
        raise CannotCheckError(f"{model.golden} holds no prediction, so that it shows nothing")
    predicted = context.interpreter.run("predict", predict=model.predict, inputs=inputs)
    if len(predicted) != len(outputs):
        raise CannotCheckError(f"{model.predict} answered {len(predicted)} of {len(outputs)} inputs")
    findings, furthest = [], 0.0
    for number, (answer, wanted) in enumerate(zip(predicted, outputs, strict=True), start=1):
        if "error" in answer:
            sentence = f"{model.predict} fails on golden input {number}: {answer['error']}"
            findings.append(Finding(rule="prediction", path=model.golden, sentence=sentence))
            continue
        far = max(_distances(answer["output"], wanted), default=0.0)
        furthest = max(furthest, far)
        if not far <= model.tolerance:
            sentence = (
                f"{model.predict} predicts {json.dumps(answer['output'])} for golden input {number}, where "
                f"{json.dumps(wanted)} was recorded; {far:.3g} apart, allowed are {model.tolerance:g}"
            )
            findings.append(Finding(rule="prediction", path=model.golden, sentence=sentence))
    return (
        findings,
        f"{len(inputs)} golden predictions, at most {furthest:.3g} apart; allowed are {model.tolerance:g}",
    )


def _distances(now: Any, then: Any) -> Iterator[float]:
    """Yield how far numbers are apart; anything that cannot be compared is infinitely far."""
    if isinstance(now, list) and isinstance(then, list) and len(now) == len(then):
        for one, other in zip(now, then, strict=True):
            yield from _distances(one, other)
    elif isinstance(now, int | float) and isinstance(then, int | float):
        far = abs(float(now) - float(then))
        yield far if far == far else float("inf")  # noqa: PLR0124 - NaN is not equal to itself
    else:
        yield 0.0 if now == then else float("inf")
