"""Sends one order to the venue. Knows nothing of guards, retries or models."""

from __future__ import annotations

from typing import Protocol


class Venue(Protocol):
    """Where orders go."""

    def submit(self, order: dict[str, object]) -> dict[str, object]:
        """Take an order and answer with a receipt."""


def place_order(venue: Venue, symbol: str, quantity: float, **more: object) -> dict[str, object]:
    """Place an order and return the venue's receipt; *more* goes into the request, such as an id of the client."""
    return venue.submit({"symbol": symbol, "quantity": quantity, **more})
