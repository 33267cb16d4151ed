"""The cardinality guard: no metric of ours grows without end, whatever a caller puts into its labels.

It stands in front of registration and of `labels()`. Forbidden names and values are refused (strict mode) or warned
about (warning mode); in both modes each metric has a hard cap of series, beyond which everything goes to one overflow
series. All limits hold for one process: N processes export N times as much at most.
"""

from __future__ import annotations

import logging
import re
import threading
from enum import StrEnum
from typing import TYPE_CHECKING, Any, final

from safety_core.idempotency.errors import SettingsError

from .errors import CardinalityError, MetricsError
from .forbidden import (
    FORBIDDEN_NAME_PATTERNS,
    FORBIDDEN_NAMES,
    FORBIDDEN_VALUE_PATTERNS,
    MAX_VALUE_CHARACTERS,
)
from .guarded_metric import GuardedMetric
from .prometheus_parts import MetricKind, make_metric, new_registry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

logger = logging.getLogger("safety_core.metrics")
logger.addHandler(logging.NullHandler())

DEFAULT_MAX_SERIES = 1000
DEFAULT_MAX_VALUES = 100


class GuardMode(StrEnum):
    """What happens to a forbidden label."""

    STRICT = "strict"
    """It is refused: CardinalityError."""
    WARNING = "warning"
    """It is logged and counted, and recorded up to the hard cap."""


@final
class MetricsCardinalityGuard:
    """Makes metrics that cannot explode. Safe for threads.

    Attributes:
        mode: What happens to a forbidden label.
        max_series: Series of one metric in this process; further ones go to the overflow series.
        max_values: Distinct values of one label; further ones go to the overflow series too.
        registry: Where the metrics are registered; ours alone unless one was given.
    """

    def __init__(
        self,
        mode: GuardMode | str = GuardMode.STRICT,
        *,
        max_series: int = DEFAULT_MAX_SERIES,
        max_values: int = DEFAULT_MAX_VALUES,
        registry: Any = None,
    ) -> None:
        """Make a guard.

        Args:
            mode: `strict` or `warning`.
            max_series: 1 or more.
            max_values: 1 or more.
            registry: A CollectorRegistry of prometheus_client; None makes one when the first metric is made.

        Raises:
            SettingsError: An argument is out of range.
        """
        try:
            self.mode = GuardMode(mode)
        except ValueError:
            raise SettingsError(f"mode is {mode!r}; expected one of: {', '.join(GuardMode)}") from None
        for name, value in (("max_series", max_series), ("max_values", max_values)):
            if type(value) is not int or value < 1:
                raise SettingsError(f"{name} is {value!r}; expected a whole number, 1 or more")
        self.max_series = max_series
        self.max_values = max_values
        self._registry = registry
        self._listeners: list[Callable[[str, str], object]] = []
        self._lock = threading.Lock()
        self._metrics: dict[str, GuardedMetric] = {}
        self._violations: dict[tuple[str, str], int] = {}

    @property
    def registry(self) -> Any:
        """The registry of the guard's metrics.

        Raises:
            MetricsError: prometheus_client is missing.
        """
        with self._lock:
            if self._registry is None:
                self._registry = new_registry()
            return self._registry

    def faults(self, metric_name: str, labels: Mapping[str, object]) -> list[tuple[str, str]]:
        """Return what is wrong with labels: `name` or `value`, and one sentence; empty where nothing is."""
        found = []
        for name, value in labels.items():
            why = name_fault(name)
            if why is not None:
                found.append(("name", f"label {name!r} of {metric_name} is forbidden: {why}"))
            said = value_fault(value)
            if said is not None:
                found.append(("value", f"a value of label {name!r} of {metric_name} looks like {said}"))
        return found

    def validate(self, metric_name: str, labels: Mapping[str, object]) -> bool:
        """Return whether labels are allowed; violations are counted and logged.

        Raises:
            CardinalityError: They are not, and the mode is strict.
        """
        found = self.faults(metric_name, labels)
        for kind, said in found:
            self.violated(metric_name, kind, said)
        if found and self.mode is GuardMode.STRICT:
            raise CardinalityError("; ".join(said for _, said in found))
        return not found

    def counter(self, name: str, documentation: str, labels: Sequence[str] = ()) -> GuardedMetric:
        """Make a counter, or return the one that is there; errors as for `histogram`."""
        return self._make(MetricKind.COUNTER, name, documentation, labels)

    def gauge(self, name: str, documentation: str, labels: Sequence[str] = (), **options: Any) -> GuardedMetric:
        """Make a gauge, or return the one that is there; errors as for `histogram`."""
        return self._make(MetricKind.GAUGE, name, documentation, labels, **options)

    def histogram(self, name: str, documentation: str, labels: Sequence[str] = (), **options: Any) -> GuardedMetric:
        """Make a histogram, or return the one that is there.

        Raises:
            CardinalityError: A label name is forbidden, and the mode is strict.
            MetricsError: The name or a label cannot be one, the name is taken by another kind or other labels, or
                prometheus_client is missing.
        """
        return self._make(MetricKind.HISTOGRAM, name, documentation, labels, **options)

    def violated(self, metric_name: str, kind: str, said: str) -> None:
        """Take note of a violation: `name`, `value` or `cap`."""
        with self._lock:
            count = self._violations.get((metric_name, kind), 0) + 1
            self._violations[metric_name, kind] = count
        if count & (count - 1) == 0:
            # The first, the second, the fourth ...: a hot path that errs must not fill the log.
            logger.warning("metrics guard: %s (%d times)", said, count)
        for listener in self._listeners:
            listener(metric_name, kind)

    def listen(self, listener: Callable[[str, str], object]) -> None:
        """Have `listener` called with the metric's name and the kind of each violation: `name`, `value` or `cap`."""
        self._listeners.append(listener)

    @property
    def violations(self) -> dict[tuple[str, str], int]:
        """How often each metric was violated, by metric and kind."""
        with self._lock:
            return dict(self._violations)

    def report(self) -> list[dict[str, Any]]:
        """Return for each metric its series, its cap and the distinct values of each label, largest first."""
        with self._lock:
            metrics = list(self._metrics.values())
        rows = [
            {
                "metric": metric.name,
                "series": metric.series,
                "max_series": self.max_series,
                "overflowed": metric.overflowed,
                "values": metric.distinct_values(),
            }
            for metric in metrics
        ]
        return sorted(rows, key=lambda row: -row["series"])

    def _make(
        self, kind: MetricKind, name: str, documentation: str, labels: Sequence[str], **options: Any
    ) -> GuardedMetric:
        words: tuple[object, ...] = (name, *labels)
        for word in words:
            if not isinstance(word, str) or not _READABLE(word):
                raise MetricsError(f"{word!r} cannot name a metric or a label; expected letters, digits, underscores")
        for label in labels:
            why = name_fault(label)
            if why is not None:
                said = f"label {label!r} of {name} is forbidden: {why}"
                self.violated(name, "name", said)
                if self.mode is GuardMode.STRICT:
                    raise CardinalityError(said)
        registry = self.registry
        with self._lock:
            known = self._metrics.get(name)
            if known is not None:
                known.assert_same(kind, tuple(labels))
                return known
            made = make_metric(kind, name, documentation, tuple(labels), registry=registry, **options)
            self._metrics[name] = GuardedMetric(self, kind, name, tuple(labels), made)
            return self._metrics[name]


_READABLE = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*").fullmatch
_NAME_PATTERNS = [(re.compile(pattern), why) for pattern, why in FORBIDDEN_NAME_PATTERNS.items()]
_VALUE_PATTERNS = [(re.compile(pattern), why) for pattern, why in FORBIDDEN_VALUE_PATTERNS.items()]


def name_fault(name: object) -> str | None:
    """Return why a label name is forbidden, or None."""
    if not isinstance(name, str) or not name:
        return "it is no string, or empty"
    lowered = name.lower()
    if lowered in FORBIDDEN_NAMES:
        return FORBIDDEN_NAMES[lowered]
    return next((why for pattern, why in _NAME_PATTERNS if pattern.search(lowered)), None)


def value_fault(value: object) -> str | None:
    """Return what a label value looks like that has no place in a label, or None."""
    text = str(value)
    if len(text) > MAX_VALUE_CHARACTERS:
        return f"a text of more than {MAX_VALUE_CHARACTERS} characters"
    return next((what for pattern, what in _VALUE_PATTERNS if pattern.search(text)), None)


_GUARD = MetricsCardinalityGuard(GuardMode.WARNING)


def get_guard() -> MetricsCardinalityGuard:
    """Return the guard of this process; in warning mode until `set_guard` says otherwise."""
    return _GUARD


def set_guard(guard: MetricsCardinalityGuard) -> None:
    """Make `guard` the guard of this process."""
    global _GUARD  # noqa: PLW0603 - one guard for the process is what it is for
    _GUARD = guard


def validate_metric_labels(metric_name: str, labels: Mapping[str, object]) -> bool:
    """Return whether labels are allowed by the guard of this process.

    Raises:
        CardinalityError: They are not, and its mode is strict.
    """
    return get_guard().validate(metric_name, labels)
