"""Orders that are placed once, by the guard of the safety core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from execution.orders import place_order

from safety_core.idempotency import GuardSettings, SideEffectWrapper, prepare_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from execution.orders import Venue

_NAMESPACE = "trading"


class NotPlacedError(Exception):
    """The guard gave something other than a receipt: the order is being placed, is in doubt, or was refused."""


class OnceGuard:
    """Runs an effect once per key."""

    def __init__(self, redis_url: str, lease_s: float) -> None:
        """Make the guard; nothing is sent before the first call."""
        settings = GuardSettings(namespace=_NAMESPACE, lease_s=lease_s, request_life_s=lease_s)
        self._wrapper = SideEffectWrapper(redis_url, settings=settings)

    def once(self, key: str, payload: dict[str, Any], effect: Callable[[dict[str, Any]], Any]) -> Any:
        """Return the effect's receipt, of this call or of an earlier one.

        Raises:
            NotPlacedError: There is none.
        """
        answer = self._wrapper.execute_once("order", key, lambda _claim: effect(payload), payload=payload)
        if answer.result is None:
            raise NotPlacedError(f"{answer.outcome}: {answer.reason}")
        return answer.result

    __call__ = once


def place_once(guard: OnceGuard, venue: Venue, decision: str, symbol: str, quantity: float) -> Any:
    """Place the order of a decision once, however often it is asked for."""
    payload = {"symbol": symbol, "quantity": str(quantity)}
    return guard.once(decision, payload, lambda _payload: place_order(venue, symbol, quantity))


def make(redis_url: str, lease_s: float) -> OnceGuard:
    """Return the guard of orders."""
    return OnceGuard(redis_url, lease_s)


def prepare(redis_url: str) -> None:
    """Record the store's identity, once and before the first order."""
    prepare_store(redis_url, settings=GuardSettings(namespace=_NAMESPACE))


make.prepare = prepare
