"""The five kinds of side effect. Holds names only, and must never grow behaviour."""

from __future__ import annotations

from enum import StrEnum

from .errors import UnknownEffectTypeError


class EffectType(StrEnum):
    """What kind of side effect a key stands for; part of the payload hash, so that types never meet."""

    ORDER = "order"
    POSITION = "position"
    LEDGER = "ledger"
    PNL = "pnl"
    SIGNAL = "signal"


_BY_NAME = {str(member): member for member in EffectType}


def effect_type_of(value: EffectType | str) -> EffectType:
    """Return the effect type that `value` names.

    Raises:
        UnknownEffectTypeError: `value` is none of the five.
    """
    try:
        return _BY_NAME[value]
    except (KeyError, TypeError):
        known = ", ".join(_BY_NAME)
        raise UnknownEffectTypeError(f"effect type {value!r} is unknown; expected one of: {known}") from None
