"""Makes the model's inputs of prices."""

from __future__ import annotations

from itertools import pairwise


def returns(prices: list[float]) -> list[float]:
    """Return the relative change from each price to the next."""
    return [after / before - 1.0 for before, after in pairwise(prices)]
