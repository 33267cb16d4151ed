"""The events: what happened, as values that nobody can change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class OrderSubmitted:
    """The venue took an order and answered.

    Attributes:
        order: What was sent.
        receipt: What was answered.
    """

    order: Mapping[str, object]
    receipt: Mapping[str, object]


@dataclass(frozen=True)
class BiasProposed:
    """The adaptive side proposes another bias. Nobody has to follow.

    Attributes:
        bias: What would have been right on average.
        outcomes: Orders that it rests on.
    """

    bias: float
    outcomes: int
