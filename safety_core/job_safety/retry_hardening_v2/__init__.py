"""Watches retries: what happens in a window, how many attempts jobs need, anomalies, spikes; and tells.

Composes its modules and holds no logic.
"""

from __future__ import annotations

from .anomaly import AnomalyRules, RetryAnomalyDetector
from .emission import OnAlert, RetryAlert
from .histogram import BUCKETS, EDGES, RetryHistogram
from .spike import RetrySpikeDetector, SpikeSettings
from .window import RetryEvent, RetryWindowTracker, Seen

__all__ = [
    "BUCKETS",
    "EDGES",
    "AnomalyRules",
    "OnAlert",
    "RetryAlert",
    "RetryAnomalyDetector",
    "RetryEvent",
    "RetryHistogram",
    "RetrySpikeDetector",
    "RetryWindowTracker",
    "Seen",
    "SpikeSettings",
]
