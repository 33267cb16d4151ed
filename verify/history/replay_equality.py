"""Every caller of a key gets the one result. Compares parsed JSON, never text, and never a float with an integer."""

from __future__ import annotations

import json
from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING

from verify.history.words import Finding, Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from verify.history.history import History, Operation

NAME = "replay_equality"
CLAIM = "All OK answers of one key and payload carry the same result, and it is a receipt that the venue gave."

_NOTHING = "null"
_TEXTS = 4096
"""Texts whose value is remembered: a result that is replayed comes again and again."""


def check(history: History) -> list[Finding]:
    """Return findings for results that differ, that the venue never gave, or that are missing."""
    answered: dict[tuple[str, str], dict[str | None, Operation]] = defaultdict(dict)
    for operation in history.operations:
        if operation.outcome is Outcome.OK and operation.completion is not None:
            answered[(operation.key, operation.payload)].setdefault(_text(operation.completion.result), operation)
    given: dict[str, set[str | None]] = defaultdict(set)
    for landing in history.landings:
        given[landing.event.key].add(_text(landing.event.receipt))
    findings = []
    for (key, _), texts in answered.items():
        receipts = given.get(key, set())
        # The same text is the same value, which need not be parsed to be seen.
        if len(texts) > 1 or not receipts.issuperset(texts):
            findings += _compared(key, texts, {_canonical(receipt) for receipt in receipts})
    return findings


def _text(held: str | None) -> str | None:
    """Return what a line holds for a JSON text; what is none breaks the checker, and is no result."""
    return held if held is None or type(held) is str else _canonical(held)


def _compared(key: str, texts: Mapping[str | None, Operation], receipts: set[str]) -> list[Finding]:
    """Compare the values of the results of one key and payload, and those of its receipts; none: it never landed."""
    results: dict[str, Operation] = {}
    for text, operation in texts.items():
        results.setdefault(_canonical(text), operation)
    findings = [_differing(key, results)] if len(results) > 1 else []
    for result, operation in results.items():
        # An OK without any effect is the business of nothing_lost and truthful_outcome.
        if receipts and result not in receipts:
            findings.append(_unfounded(key, result, operation))
    return findings


@lru_cache(maxsize=_TEXTS)
def _canonical(text: str | None) -> str:
    """Return one text for each JSON value; text that is no JSON stands for itself."""
    if text is None:
        return _NOTHING
    try:
        return json.dumps(json.loads(text), sort_keys=True)
    except ValueError:
        return text


def _differing(key: str, results: dict[str, Operation]) -> Finding:
    said = "; ".join(f"operation {operation.number} got {result}" for result, operation in results.items())
    return Finding(
        checker=NAME,
        verdict=Verdict.INVALID,
        sentence=f"callers of key {key} were answered OK with different results: {said}",
        # The second result breaks the promise; what differs after it breaks nothing more.
        operations=tuple(operation.number for operation in list(results.values())[:2]),
    )


def _unfounded(key: str, result: str, operation: Operation) -> Finding:
    who = f"process {operation.process} was answered OK for key {key} (operation {operation.number})"
    if result == _NOTHING:
        sentence = f"{who}, but the caller got no result where the venue's receipt was due"
    else:
        sentence = f"{who} with {result}, which is no receipt that the venue gave for that key"
    return Finding(checker=NAME, verdict=Verdict.INVALID, sentence=sentence, operations=(operation.number,))
