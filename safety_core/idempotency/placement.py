"""One call per effect, in the two-tuple shape: `executed, result = wrap_order_placement(redis_client, ...)`.

Builds entity id and payload and hands them to a guard; decides nothing itself. Leaving `intent_id` out is allowed and
loud: two wanted effects with equal content would be taken for one.
"""

from __future__ import annotations

import warnings
import weakref
from typing import TYPE_CHECKING, Any

from .effect_types import EffectType
from .entity_ids import (
    Figure,
    figure,
    ledger_entity_id,
    order_entity_id,
    pnl_entity_id,
    position_entity_id,
    signal_entity_id,
    word,
)
from .settings import GuardSettings
from .wrapper import SideEffectWrapper

if TYPE_CHECKING:
    from collections.abc import Callable

    from .answers import GuardResult


class MissingIntentWarning(UserWarning):
    """An effect is named by its content: an equal one within the retention counts as a repeat."""


_guards: weakref.WeakKeyDictionary[Any, dict[GuardSettings, SideEffectWrapper]] = weakref.WeakKeyDictionary()
_warned: set[EffectType] = set()


def wrap_order_placement(
    redis_client: Any,
    operation: Callable[[], Any],
    symbol: str,
    side: str,
    quantity: Figure,
    *,
    intent_id: str | None = None,
    settings: GuardSettings | None = None,
) -> GuardResult:
    """Place one order once.

    Args:
        redis_client: A redis.Redis client (one guard per client and settings is kept) or a SideEffectWrapper.
        operation: Places the order; takes nothing, returns what is to be replayed.
        symbol: What is traded.
        side: Which way; upper and lower case meet.
        quantity: How much, a finite number.
        intent_id: Name of this wanted order, the same for every redelivery. None names the order by its content, and
            warns once per process and effect type.
        settings: How to behave; not with a SideEffectWrapper, which has its own.

    Returns:
        The answer; unpacks into `executed, result`.

    Raises:
        GuardError: A caller's mistake, before anything was sent.
    """
    entity = order_entity_id(symbol, side, quantity, intent_id)
    payload = {
        "symbol": word("symbol", symbol),
        "side": word("side", side).upper(),
        "quantity": figure("quantity", quantity),
    }
    return _once(
        redis_client, EffectType.ORDER, entity, operation, payload, named=intent_id is not None, settings=settings
    )


def wrap_position_update(
    redis_client: Any,
    operation: Callable[[], Any],
    symbol: str,
    change: Figure,
    *,
    intent_id: str | None = None,
    settings: GuardSettings | None = None,
) -> GuardResult:
    """Update one position once, by `change`; otherwise as `wrap_order_placement`."""
    entity = position_entity_id(symbol, change, intent_id)
    payload = {"symbol": word("symbol", symbol), "change": figure("change", change)}
    return _once(
        redis_client, EffectType.POSITION, entity, operation, payload, named=intent_id is not None, settings=settings
    )


def wrap_ledger_entry(
    redis_client: Any,
    operation: Callable[[], Any],
    account: str,
    amount: Figure,
    currency: str,
    *,
    intent_id: str | None = None,
    settings: GuardSettings | None = None,
) -> GuardResult:
    """Write one ledger entry once; otherwise as `wrap_order_placement`."""
    entity = ledger_entity_id(account, amount, currency, intent_id)
    payload = {
        "account": word("account", account),
        "amount": figure("amount", amount),
        "currency": word("currency", currency),
    }
    return _once(
        redis_client, EffectType.LEDGER, entity, operation, payload, named=intent_id is not None, settings=settings
    )


def wrap_pnl_write(
    redis_client: Any,
    operation: Callable[[], Any],
    strategy: str,
    period: str,
    amount: Figure,
    *,
    intent_id: str | None = None,
    settings: GuardSettings | None = None,
) -> GuardResult:
    """Write one PnL figure once; otherwise as `wrap_order_placement`."""
    entity = pnl_entity_id(strategy, period, amount, intent_id)
    payload = {
        "strategy": word("strategy", strategy),
        "period": word("period", period),
        "amount": figure("amount", amount),
    }
    return _once(
        redis_client, EffectType.PNL, entity, operation, payload, named=intent_id is not None, settings=settings
    )


def wrap_signal_emission(
    redis_client: Any,
    operation: Callable[[], Any],
    strategy: str,
    symbol: str,
    direction: str,
    *,
    intent_id: str | None = None,
    settings: GuardSettings | None = None,
) -> GuardResult:
    """Emit one signal once; otherwise as `wrap_order_placement`."""
    entity = signal_entity_id(strategy, symbol, direction, intent_id)
    payload = {
        "strategy": word("strategy", strategy),
        "symbol": word("symbol", symbol),
        "direction": word("direction", direction),
    }
    return _once(
        redis_client, EffectType.SIGNAL, entity, operation, payload, named=intent_id is not None, settings=settings
    )


def guard_for(redis_client: Any, settings: GuardSettings | None = None) -> SideEffectWrapper:
    """Return the guard that the functions of this module use for a client; the same one every time."""
    if isinstance(redis_client, SideEffectWrapper):
        return redis_client
    chosen = settings if settings is not None else GuardSettings()
    guards = _guards.setdefault(redis_client, {})
    guard = guards.get(chosen)
    if guard is None:
        guard = guards.setdefault(chosen, SideEffectWrapper(redis_client, settings=chosen))
    return guard


def _once(
    redis_client: Any,
    effect_type: EffectType,
    entity_id: str,
    operation: Callable[[], Any],
    payload: dict[str, str],
    *,
    named: bool,
    settings: GuardSettings | None,
) -> GuardResult:
    if not named and effect_type not in _warned:
        _warned.add(effect_type)
        warnings.warn(
            f"an effect of type {effect_type} has no intent_id: an equal one within the retention is taken for a "
            "repeat and will not happen; pass intent_id to tell wanted repeats from redeliveries",
            MissingIntentWarning,
            stacklevel=3,
        )
    guard = guard_for(redis_client, settings)
    return guard.execute_once(effect_type, entity_id, lambda _claim: operation(), payload=payload)
