"""Hears of orders and proposes a bias, both by events: it can call nothing that trades."""

from __future__ import annotations

from typing import TYPE_CHECKING

from events.kinds import BiasProposed, OrderSubmitted

from adaptive.learner import proposed_bias

if TYPE_CHECKING:
    from events.bus import Bus


class Listener:
    """Keeps what was left unfilled of each order, and proposes after every one."""

    def __init__(self, bus: Bus) -> None:
        """Listen and propose on this bus, once attached."""
        self._bus = bus
        self._outcomes: list[float] = []

    def attach(self) -> None:
        """Begin to listen."""
        self._bus.listen(OrderSubmitted, self._learn)

    def _learn(self, event: OrderSubmitted) -> None:
        asked, filled = float(str(event.order["quantity"])), float(str(event.receipt["filled"]))
        self._outcomes.append(asked - filled)
        self._bus.tell(BiasProposed(proposed_bias(self._outcomes), len(self._outcomes)))
