"""Refuses orders that are larger than one order may be."""

from __future__ import annotations

LARGEST_ORDER = 10.0


def is_within_limits(quantity: float) -> bool:
    """Say whether one order may be that large."""
    return 0.0 < abs(quantity) <= LARGEST_ORDER
