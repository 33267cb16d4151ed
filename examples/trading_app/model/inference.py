"""Predicts with the frozen weights. Never learns."""

from __future__ import annotations

import json
import math
from pathlib import Path

from model.preprocessing import returns

_WEIGHTS = json.loads(Path(__file__).with_name("weights.json").read_text(encoding="utf-8"))


def predict(prices: list[float]) -> float:
    """Return the quantity to order, from -10 to 10, of the last five prices."""
    scores = (weight * change for weight, change in zip(_WEIGHTS["returns"], returns(prices), strict=True))
    return 10.0 * math.tanh(sum(scores) + _WEIGHTS["bias"])
