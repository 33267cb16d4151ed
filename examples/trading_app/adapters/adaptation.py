"""Lets the adaptive side listen, where the configuration switched it on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adaptive.listener import Listener

if TYPE_CHECKING:
    from collections.abc import Mapping

    from events.bus import Bus


def let_listen(bus: Bus, config: Mapping[str, Any]) -> bool:
    """Attach the adaptive side to the bus if `adaptive.enabled` is true; say whether it was."""
    is_on = config["adaptive"]["enabled"] is True
    if is_on:
        Listener(bus).attach()
    return is_on
