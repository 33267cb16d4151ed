"""Two different intents never share a name, and equal intents always meet, however their figures are written."""

from __future__ import annotations

from contextlib import nullcontext
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from properties.claim import Claim, demand
from safety_core.idempotency import (
    EntityIdError,
    ledger_entity_id,
    order_entity_id,
    pnl_entity_id,
    position_entity_id,
    signal_entity_id,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

WORD, SIDE, FIGURE = "word", "side", "figure"
PARTS: Mapping[str, tuple[str, ...]] = {
    "order": (WORD, SIDE, FIGURE),
    "position": (WORD, FIGURE),
    "ledger": (WORD, FIGURE, WORD),
    "pnl": (WORD, WORD, FIGURE),
    "signal": (WORD, WORD, WORD),
}
"""What each kind of effect is named after, in the order of its function's parameters."""
NAMING: Mapping[str, Callable[..., str]] = {
    "order": order_entity_id,
    "position": position_entity_id,
    "ledger": ledger_entity_id,
    "pnl": pnl_entity_id,
    "signal": signal_entity_id,
}

_NASTY = st.text("a/:%|#é\u0301 A0.-intentcontent", min_size=1, max_size=4) | st.text(min_size=1, max_size=3)
_WORDS = st.sampled_from(["BTCUSDT", "1", "0.1", "None", "2F", "%2F", "a/b"]) | _NASTY
_SIDES = st.sampled_from(["BUY", "buy", "Buy", "SELL", "sell"]) | _WORDS
_DECIMALS = st.decimals(allow_nan=False, allow_infinity=False) | st.sampled_from(
    [Decimal("-0"), Decimal("0E+5"), Decimal("1E+400"), Decimal("1E-400"), Decimal("0.10"), Decimal(100)]
)
_NUMBERS = _DECIMALS | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
_NO_NUMBERS = st.sampled_from([None, "", "one", "nan", float("inf"), Decimal("NaN"), True, b"1", "1 2", "0x1"])
_FIGURES = _NUMBERS | _NUMBERS.map(str) | _NO_NUMBERS
_NO_WORDS = st.sampled_from([None, "", 7])
_DRAWN = {WORD: _WORDS | _NO_WORDS, SIDE: _SIDES | _NO_WORDS, FIGURE: _FIGURES}


def _values(kind: str) -> st.SearchStrategy[tuple[str, tuple[Any, ...], str | None]]:
    parts = st.tuples(*(_DRAWN[each] for each in PARTS[kind]))
    return st.tuples(st.just(kind), parts, st.none() | st.none() | _WORDS)


INTENTS = st.sampled_from(list(PARTS)).flatmap(_values)
"""A kind of effect, the values of its parts, and an intent id or None."""


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Any, Any]:
    """Draw two intents: any, the same in another spelling, two that differ in one part, or in a border of parts."""
    how = draw(st.sampled_from(["any", "spelt", "changed", "shifted"]))
    if how == "shifted":
        return draw(_shifted())
    one = draw(INTENTS)
    kind, values, intent_id = one
    if how == "any":
        return one, draw(INTENTS)
    if how == "spelt":
        return one, (kind, tuple(map(_spelt_otherwise, PARTS[kind], values)), intent_id)
    at = draw(st.integers(0, len(values) - 1))
    return one, (kind, (*values[:at], draw(_DRAWN[PARTS[kind][at]]), *values[at + 1 :]), intent_id)


@st.composite
def _shifted(draw: st.DrawFn) -> tuple[Any, Any]:
    """Draw two intents whose parts, written one after the other with a sign between them, read the same."""
    kind = draw(st.sampled_from(["order", "pnl", "signal"]))
    first, middle, last = (draw(_WORDS) for _ in range(3))
    sign = draw(st.sampled_from("/:|%#"))
    rest = tuple(draw(_DRAWN[part]) for part in PARTS[kind][2:])
    one, other = (f"{first}{sign}{middle}", last), (first, f"{middle}{sign}{last}")
    return (kind, (*one, *rest), None), (kind, (*other, *rest), None)


def _spelt_otherwise(part: str, value: Any) -> Any:
    """Write the same figure or side in another way, where there is one."""
    if part == SIDE and isinstance(value, str):
        return value.upper() if value != value.upper() else value.lower()
    if part != FIGURE or _number(value) is None:
        return value
    if isinstance(value, str):
        return Decimal(value.strip())
    text = repr(value) if isinstance(value, float) else str(value)
    if "E" in text.upper():
        return f" {text} "
    return f"{text}0" if "." in text else f"{text}.0"


def _number(value: Any) -> Fraction | None:
    """Return what a figure means, exactly; None where it means nothing. A float is what it prints as."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        return None
    try:
        exact = Decimal(repr(value) if isinstance(value, float) else value)
    except InvalidOperation:
        return None
    return Fraction(exact) if exact.is_finite() else None


def _meaning(kind: str, values: tuple[Any, ...], intent_id: str | None) -> tuple[Any, ...] | None:
    """Return what an intent stands for; None where it must be refused."""
    meant: list[object] = []
    for part, value in zip(PARTS[kind], values, strict=True):
        if part == FIGURE:
            number = _number(value)
            if number is None:
                return None
            meant.append(number)
        elif not isinstance(value, str) or not value:
            return None
        else:
            meant.append(value.upper() if part == SIDE else value)
    return (kind, "intent", intent_id) if intent_id is not None else (kind, "content", *meant)


def _named(naming: Mapping[str, Callable[..., str]], intent: tuple[str, tuple[Any, ...], str | None]) -> str | None:
    kind, values, intent_id = intent
    try:
        return naming[kind](*values, intent_id)
    except EntityIdError:
        return None


def check(naming: Mapping[str, Callable[..., str]], *, pair: tuple[Any, Any]) -> None:
    """Assert that two intents share a name exactly when they mean the same, and that what means nothing has none."""
    meanings = [_meaning(*intent) for intent in pair]
    names = [_named(naming, intent) for intent in pair]
    for intent, meaning, name in zip(pair, meanings, names, strict=True):
        demand((name is None) == (meaning is None), f"{intent} is named {name!r}")
    if None not in meanings:
        same = "mean the same" if meanings[0] == meanings[1] else "mean different things"
        are = "have one name" if names[0] == names[1] else "have two names"
        demand((names[0] == names[1]) == (meanings[0] == meanings[1]), f"{pair[0]} and {pair[1]} {same} and {are}")


CLAIM = Claim(
    name="entity_ids",
    says="Two intents have one name exactly when they mean the same; what means nothing has none.",
    drawn={"pair": pairs()},
    check=check,
    suspect=lambda: nullcontext(NAMING),
)
