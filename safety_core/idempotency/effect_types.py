"""The five kinds of side effect, and the run of a job around them. Holds names only, never behaviour."""

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
    JOB = "job"
    """No side effect of its own: the run of a job, whose order, position, ledger entry, PnL and signal each have a
    record of their own. A job and its order therefore never share a key."""


_BY_NAME = {str(member): member for member in EffectType}


def effect_type_of(value: EffectType | str) -> EffectType:
    """Return the effect type that `value` names.

    Raises:
        UnknownEffectTypeError: `value` is none of them.
    """
    try:
        return _BY_NAME[value]
    except (KeyError, TypeError):
        known = ", ".join(_BY_NAME)
        raise UnknownEffectTypeError(f"effect type {value!r} is unknown; expected one of: {known}") from None
