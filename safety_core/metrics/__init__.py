"""Metrics that cannot explode: the cardinality guard and the catalogue. The public surface; holds no logic."""

from __future__ import annotations

from .catalogue import CATALOGUE, MetricSpec
from .errors import CardinalityError, MetricsError
from .guard import GuardMode, MetricsCardinalityGuard, get_guard, set_guard, validate_metric_labels
from .guarded_metric import OVERFLOW, GuardedMetric
from .prometheus_parts import exposition

__all__ = [
    "CATALOGUE",
    "OVERFLOW",
    "CardinalityError",
    "GuardMode",
    "GuardedMetric",
    "MetricSpec",
    "MetricsCardinalityGuard",
    "MetricsError",
    "exposition",
    "get_guard",
    "set_guard",
    "validate_metric_labels",
]
