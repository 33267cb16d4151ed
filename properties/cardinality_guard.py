"""No metric grows beyond its cap, whatever values callers put into its labels and in whatever mode."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from properties.claim import Claim, demand
from safety_core.metrics import CardinalityError, GuardMode, MetricsCardinalityGuard

if TYPE_CHECKING:
    from collections.abc import Callable

NAME, LABELS = "calls_total", ("kind", "reason")
OVERFLOW = dict.fromkeys(LABELS, "overflow")

_VALUES = st.sampled_from(["a", "b", "c", "overflow", "1f0c9a52e7d84b3f9b0c", "9f" * 20]) | st.text(
    "abcé ", max_size=3
)


def check(
    guard_of: Callable[..., Any], *, mode: GuardMode, most: tuple[int, int], calls: list[tuple[str, str]]
) -> None:
    """Demand that the series stay below the cap, and that nothing is lost but what strict mode refuses."""
    max_series, max_values = most
    guard = guard_of(mode, max_series=max_series, max_values=max_values)
    metric = guard.counter(NAME, "calls", LABELS)
    counted = 0
    for values in calls:
        try:
            metric.labels(**dict(zip(LABELS, values, strict=True))).inc()
        except CardinalityError:
            demand(mode is GuardMode.STRICT, "only strict mode refuses")
            continue
        counted += 1
    series = [
        (sample.labels, sample.value)
        for family in guard.registry.collect()
        for sample in family.samples
        if sample.name == NAME
    ]
    own = [labels for labels, _ in series if labels != OVERFLOW]
    demand(len(own) <= max_series, f"{len(own)} series, where {max_series} is the cap")
    for label in LABELS:
        seen = {labels[label] for labels in own}
        demand(len(seen) <= max_values, f"{len(seen)} values of {label}, where {max_values} is the cap")
    demand(sum((value for _, value in series)) == counted, "what is beyond a cap is counted with the overflow")


CLAIM = Claim(
    name="cardinality_guard",
    says="No metric has more series, and no label more values, than its cap, and every call is counted somewhere.",
    drawn={
        "mode": st.sampled_from(list(GuardMode)),
        "most": st.tuples(st.integers(1, 5), st.integers(1, 4)),
        "calls": st.lists(st.tuples(_VALUES, _VALUES), max_size=30),
    },
    check=check,
    suspect=lambda: nullcontext(MetricsCardinalityGuard),
)
