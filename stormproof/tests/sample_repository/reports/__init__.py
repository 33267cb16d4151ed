"""The shop's own reports."""

from __future__ import annotations


def line(order: dict[str, str]) -> str:
    """Return an order as a line."""
    return f"{order['id']}: {order['symbol']}"
