"""Several judgements as one. A blind instrument makes the whole UNKNOWN; it never excuses an INVALID subject."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from verify.history.judgement import Judgement
from verify.history.record import SCHEMA
from verify.history.words import Verdict, merge

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentRow:
    """One check of the instrument: a planted guard, or its sound twin, and whether it was seen for what it is.

    Attributes:
        name: Name of the judged part.
        expected: ``INVALID by <checker>`` for a planted guard, ``VALID`` for its twin.
        seen: What was decided, in the same words.
        ok: The instrument saw what was expected.
    """

    name: str
    expected: str
    seen: str
    ok: bool

    def to_object(self) -> dict[str, Any]:
        """Return the row as a JSON object."""
        return {"name": self.name, "expected": self.expected, "seen": self.seen, "ok": self.ok}


def instrument_row(part: Judgement | Mapping[str, Any], *, checker: str | None) -> InstrumentRow:
    """Hold the judgement of a planted guard against what it must be.

    Args:
        part: The judgement, or its verdict object.
        checker: The checker that must find the guard INVALID; None for a twin, which must be VALID.
    """
    seen = _object(part)
    verdict = Verdict(seen["verdict"])
    caught_by = broken_by(seen)
    if checker is None:
        expected, is_met = Verdict.VALID.value, verdict is Verdict.VALID
    else:
        expected, is_met = f"INVALID by {checker}", verdict is Verdict.INVALID and checker in caught_by
    said = verdict.value
    if verdict is Verdict.INVALID:
        said = f"INVALID by {', '.join(caught_by)}"
    elif verdict is Verdict.UNKNOWN and seen["reasons"]:
        said = f"UNKNOWN: {seen['reasons'][0]}"
    return InstrumentRow(name=seen["name"], expected=expected, seen=said, ok=is_met)


def broken_by(verdict: Mapping[str, Any]) -> list[str]:
    """Return the checkers that found a promise broken, by name, from the object of a verdict."""
    return sorted(
        {
            finding["checker"]
            for finding in verdict["findings"]
            if finding["promised"] and not finding["outside"] and finding["verdict"] == Verdict.INVALID
        }
    )


def compose(
    parts: Sequence[Judgement | Mapping[str, Any]], *, instrument: Sequence[InstrumentRow] = ()
) -> dict[str, Any]:
    """Return the JSON object of a campaign: its parts in order, the instrument's rows, and the merged verdict.

    Without a part nothing was shown of any subject: UNKNOWN.

    Args:
        parts: Judgements of subjects, or their verdict objects.
        instrument: Checks of the instrument; one that is not ok makes the campaign UNKNOWN at best.
    """
    seen = [_object(part) for part in parts]
    verdicts = [Verdict(part["verdict"]) for part in seen]
    reasons = [] if seen else ["no subject was judged"]
    reasons += [
        f"{part['name']}: {reason}"
        for part, verdict in zip(seen, verdicts, strict=True)
        if verdict is Verdict.UNKNOWN
        for reason in part["reasons"]
    ]
    blind = [row for row in instrument if not row.ok]
    reasons += [f"the instrument is blind: {row.name} is {row.expected}, but was seen as {row.seen}" for row in blind]
    if blind:
        verdicts.append(Verdict.UNKNOWN)
    return {
        "schema": SCHEMA,
        "verdict": merge(verdicts).value,
        "reasons": reasons,
        "parts": [{"name": part["name"], "verdict": part["verdict"]} for part in seen],
        "instrument": [row.to_object() for row in instrument],
    }


def _object(part: Judgement | Mapping[str, Any]) -> Mapping[str, Any]:
    return part.to_object() if isinstance(part, Judgement) else part
