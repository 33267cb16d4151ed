"""One guarded metric: what `labels()` gives is checked once for each series, and remembered.

Never hands out more series than the cap, and never a series that strict mode refuses.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, final

from .errors import CardinalityError, MetricsError

if TYPE_CHECKING:
    from .guard import MetricsCardinalityGuard
    from .prometheus_parts import MetricKind

OVERFLOW = "overflow"
"""Value of every label of the series that takes what is beyond a cap."""


@final
class GuardedMetric:
    """A metric of prometheus_client behind the guard.

    Attributes:
        name: Its name.
        metric: The metric of prometheus_client, which a caller leaves alone.
        overflowed: How often something went to the overflow series.
    """

    __slots__ = (
        "_guard",
        "_kind",
        "_known",
        "_labels",
        "_lock",
        "_series",
        "_values",
        "metric",
        "name",
        "overflowed",
    )

    def __init__(
        self, guard: MetricsCardinalityGuard, kind: MetricKind, name: str, labels: tuple[str, ...], metric: Any
    ) -> None:
        self.name = name
        self.metric = metric
        self.overflowed = 0
        self._series = 0
        self._guard = guard
        self._kind = kind
        self._labels = labels
        self._lock = threading.Lock()
        self._known: dict[tuple[tuple[str, Any], ...], Any] = {}
        self._values: dict[str, set[str]] = {label: set() for label in labels}

    def labels(self, **values: Any) -> Any:
        """Return the series of these values, to be counted, set or observed; the overflow series beyond a cap.

        Raises:
            CardinalityError: A value is forbidden, and the mode is strict.
            MetricsError: The labels are not those of the metric.
        """
        try:
            return self._known[(*values.items(),)]
        except (KeyError, TypeError):
            return self._first_time(values)

    def inc(self, amount: float = 1) -> None:
        """Count on a metric without labels."""
        self._plain().inc(amount)

    def set(self, value: float) -> None:
        """Set a gauge without labels."""
        self._plain().set(value)

    def observe(self, value: float) -> None:
        """Observe on a histogram without labels."""
        self._plain().observe(value)

    @property
    def series(self) -> int:
        """How many series there are, the overflow series left out."""
        return self._series

    def distinct_values(self) -> dict[str, int]:
        """Return how many values each label has had."""
        with self._lock:
            return {label: len(seen) for label, seen in self._values.items()}

    def assert_same(self, kind: MetricKind, labels: tuple[str, ...]) -> None:
        """Raise MetricsError unless the metric is of this kind and has these labels."""
        if (kind, labels) != (self._kind, self._labels):
            raise MetricsError(
                f"{self.name} is a {self._kind} of {self._labels} already; asked for was a {kind} of {labels}"
            )

    def _plain(self) -> Any:
        if self._labels:
            raise MetricsError(f"{self.name} has labels; call labels({', '.join(self._labels)}) first")
        return self.metric

    def _first_time(self, values: dict[str, Any]) -> Any:
        if values.keys() != set(self._labels) or not self._labels:
            raise MetricsError(f"{self.name} was given the labels {sorted(values)}; expected {sorted(self._labels)}")
        texts = {name: str(values[name]) for name in self._labels}
        for kind, said in self._guard.faults(self.name, texts):
            # Forbidden names were dealt with when the metric was made.
            if kind == "value":
                self._guard.violated(self.name, kind, said)
                if self._guard.mode == "strict":
                    raise CardinalityError(said)
        ordered = tuple(texts.items())
        with self._lock:
            child = self._known.get(ordered)
            if child is None and self._has_room(texts):
                child = self.metric.labels(**texts)
                self._known[ordered] = child
                self._series += 1
                for name, text in texts.items():
                    self._values[name].add(text)
            if child is not None:
                self._remember(values, child)
                return child
            self.overflowed += 1
        self._guard.violated(self.name, "cap", f"{self.name} is at its cap; what is new goes to {OVERFLOW!r}")
        return self.metric.labels(**dict.fromkeys(self._labels, OVERFLOW))

    def _has_room(self, texts: dict[str, str]) -> bool:
        if self.series >= self._guard.max_series:
            return False
        return all(
            text in self._values[name] or len(self._values[name]) < self._guard.max_values
            for name, text in texts.items()
        )

    def _remember(self, values: dict[str, Any], child: Any) -> None:
        """Let the same words in another order be found at once too."""
        if len(self._known) < 4 * self._guard.max_series and all(type(value) is str for value in values.values()):
            self._known[*values.items(),] = child
