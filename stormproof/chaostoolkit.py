"""What experiment files of the Chaos Toolkit name as ``"module": "stormproof.chaostoolkit"``. Re-exports only."""

from __future__ import annotations

from scenarios.experiments.activities import (
    book_growth,
    error_rate,
    heal,
    heal_all,
    inject,
    key_count,
    latency_ms,
    place_orders,
    wait_for_answers,
)

__all__ = [
    "book_growth",
    "error_rate",
    "heal",
    "heal_all",
    "inject",
    "key_count",
    "latency_ms",
    "place_orders",
    "wait_for_answers",
]
