"""From a signal to an order: what runs today, whatever is added beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from execution.orders import place_order
from execution_safety.limits import is_within_limits
from model.inference import predict
from risk.gates import may_trade

if TYPE_CHECKING:
    from execution.orders import Venue


def on_prices(venue: Venue, symbol: str, prices: list[float], exposure: float) -> dict[str, object] | None:
    """Place the order that the model asks for, if the gates let it through; None where they do not."""
    quantity = predict(prices)
    if not is_within_limits(quantity) or not may_trade(exposure):
        return None
    return place_order(venue, symbol, quantity)
