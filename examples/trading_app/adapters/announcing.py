"""Tells of every order that the venue took. The trading flow is given this venue in the place of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from events.kinds import OrderSubmitted

if TYPE_CHECKING:
    from events.bus import Bus
    from execution.orders import Venue


class AnnouncingVenue:
    """A venue whose orders are told of on a bus, after it has answered."""

    def __init__(self, venue: Venue, bus: Bus) -> None:
        """Stand before a venue."""
        self._venue = venue
        self._bus = bus

    def submit(self, order: dict[str, object]) -> dict[str, object]:
        """Take an order, and tell of it; what the venue raises is passed on, and told to nobody."""
        receipt = self._venue.submit(order)
        self._bus.tell(OrderSubmitted(dict(order), dict(receipt)))
        return receipt
