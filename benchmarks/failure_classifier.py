"""The failure classifiers, against the least that a classification needs: one look-up of the type, one expression.

An error is one that the table knows by its type, and one of which only the text tells.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from benchmarks.interleaving import in_batches, side_by_side
from benchmarks.rows import Row
from benchmarks.workload import WrongAnswerError
from safety_core.job_safety.failure_classifier import FailureClassifier, FailureClassifierV2, FailureType
from safety_core.job_safety.failure_classifier.kinds import BY_TEXT

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.rows import Effort

NAME = "classifier"

_LIMIT = 3.0
_CALLS, _TURN = 300, 25
_BARE, _V1, _V2 = "bare", "V1", "V2"
_TOLD_BY_TYPE = TimeoutError("the exchange did not answer within 5 s")
_TOLD_BY_TEXT = RuntimeError("the exchange did not answer: connection reset by peer")


def classifier(effort: Effort) -> list[Row]:
    """Measure both classifiers on both kinds of error."""
    return [
        row
        for error, kind, what in (
            (_TOLD_BY_TYPE, FailureType.TIMEOUT, "told by its type"),
            (_TOLD_BY_TEXT, FailureType.NETWORK_ERROR, "told by its text"),
        )
        for row in _rows(error, kind, what, effort)
    ]


def _rows(error: Exception, kind: FailureType, what: str, effort: Effort) -> list[Row]:
    first, second = FailureClassifier(), FailureClassifierV2()
    said = (first.should_retry_failure(error)[1], second.classify(error).failure_type)
    if said != (kind, kind):
        raise WrongAnswerError(f"{error!r} was classified as {', '.join(said)}; expected {kind} of both")
    samples = side_by_side(
        {
            _BARE: in_batches(_least(error)),
            _V1: in_batches(lambda: first.should_retry_failure(error)),
            _V2: in_batches(lambda: second.classify(error)),
        },
        effort,
        calls=effort.scaled(_CALLS),
        turn=_TURN,
    )
    us = samples.typical_us()
    return [
        Row(
            benchmark=NAME,
            case=f"{name}, an error {what} / a look-up of its type and one compiled expression",
            ratio=samples.ratio(name, _BARE),
            limit=_LIMIT,
            latency=samples.latency(name),
            note=f"bare {us[_BARE]:.2f} us, {name} {us[name]:.2f} us",
            figures={f"{each}_us": value for each, value in us.items()},
        )
        for name in (_V1, _V2)
    ]


def _least(error: Exception) -> Callable[[], object]:
    """Return one look-up of the error's type, and one search in its text for all that the table knows."""
    table: dict[type[Exception], FailureType] = {TimeoutError: FailureType.TIMEOUT}
    search = re.compile("|".join(pattern for pattern, _ in BY_TEXT), re.IGNORECASE).search

    def look() -> object:
        return table.get(type(error)), search(str(error))

    return look
