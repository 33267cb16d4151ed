"""Makes orders for tests."""

from __future__ import annotations


def order(number: int) -> dict[str, str]:
    """Return an order."""
    return {"id": f"order-{number}", "symbol": "BTCUSDT"}
