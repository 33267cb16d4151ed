"""``python -m app.session FILE``: trade on recorded prices with the settings of FILE, and print every order."""

from __future__ import annotations

import json
import os
import sys

from paper_gate.gate import is_paper

from app.api import post_signal
from app.settings import Settings, load

_RECORDED = {
    "XBT": [100.0, 101.0, 102.0, 101.5, 103.0],
    "ETH": [50.0, 49.0, 48.5, 48.0, 47.0],
    "SOL": [10.0, 10.5, 10.2, 10.8, 11.1],
    "ADA": [1.0, 2.0, 4.0, 8.0, 16.0],
}


class Book:
    """A venue on paper: it numbers the orders and writes them down."""

    def __init__(self) -> None:
        """Begin with an empty book."""
        self.orders: list[dict[str, object]] = []

    def submit(self, order: dict[str, object]) -> dict[str, object]:
        """Take an order and answer with a receipt."""
        self.orders.append({"order": len(self.orders) + 1, **order})
        return self.orders[-1]


def trade(settings: Settings) -> list[str]:
    """Return a line for each recorded signal.

    Raises:
        ValueError: The settings want to trade for real.
    """
    if not is_paper(settings.mode):
        raise ValueError(f"recorded prices are for paper alone; trading.mode is {settings.mode!r}")
    book = Book()
    lines = []
    for number, (symbol, prices) in enumerate(_RECORDED.items()):
        if settings.flags["idempotency"]:
            status, order = 201, _once(book, f"signal-{number}", symbol, prices)
        else:
            status, order = post_signal(book, {"symbol": symbol, "prices": prices})
        lines.append(f"{symbol} {status} {_shown(order)}")
    return lines


def _shown(order: object) -> str:
    """Return an order as JSON, with as many digits as every machine agrees on."""
    held = order.items() if isinstance(order, dict) else ()
    return json.dumps({name: round(value, 6) if isinstance(value, float) else value for name, value in held})


def _once(book: Book, decision: str, symbol: str, prices: list[float]) -> object:
    """Place the order of a decision by the guard, whose Redis the environment names."""
    from adapters.orders import make, place_once  # noqa: PLC0415 - nothing new is loaded while it is off
    from model.inference import predict  # noqa: PLC0415 - as above

    return place_once(make(os.environ["TRADING_REDIS"], 30.0), book, decision, symbol, predict(prices))


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in trade(load(sys.argv[1])))
