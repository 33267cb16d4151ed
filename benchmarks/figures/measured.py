"""What the measuring of a stated figure hands in: cases with percentiles. Values only; nothing here measures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.rows import Effort

_P50, _P99 = 0.50, 0.99


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One line of the page below a stated figure.

    Attributes:
        case: What was measured.
        unit: Of all figures in it: `ms`, `s`, `bytes`, `KB`, `MB`, `a second`, `times`, `exponent`, or none.
        p50: What half of the samples kept to; of one sample alone, that sample.
        p99: What 99 of 100 samples kept to; None of fewer than two samples.
        samples: How many there were.
        limit: The stated figure; None where nothing was stated of this case.
        at_least: Whether the stated figure is the least, and not the most.
        setting: What the server was told about keeping data, or what else it took.
    """

    case: str
    unit: str
    p50: float
    p99: float | None
    samples: int
    limit: float | None = None
    at_least: bool = False
    setting: str = ""

    def to_object(self) -> dict[str, Any]:
        """Return the case as a JSON object."""
        return asdict(self)


Measure = Callable[["Effort"], list[Case]]
"""Measures one stated figure."""


def case_of(
    case: str,
    unit: str,
    samples: Sequence[float],
    *,
    limit: float | None = None,
    at_least: bool = False,
    setting: str = "",
) -> Case:
    """Return the case of *samples*, of which there is at least one; with fewer than 100 the p99 is the worst."""
    ordered = sorted(samples, reverse=at_least)
    last = len(ordered) - 1
    return Case(
        case=case,
        unit=unit,
        p50=ordered[int(last * _P50)],
        p99=ordered[min(last, int(len(ordered) * _P99))] if last else None,
        samples=len(ordered),
        limit=limit,
        at_least=at_least,
        setting=setting,
    )


def in_ms(seconds: Sequence[float]) -> list[float]:
    """Return *seconds* in milliseconds."""
    return [each * 1e3 for each in seconds]
