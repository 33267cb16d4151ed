"""The gauge `redis_safety_warning` for Prometheus. Needs the extra `metrics`; nothing else here does.

Its labels have few values: the store's name, which the caller gives, the check and the level.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .checks.registry import ALL
from .levels import Level

try:
    from prometheus_client import REGISTRY, Gauge
except ImportError:
    raise ImportError("the metrics need prometheus_client: pip install 'stormproof[metrics]'") from None

if TYPE_CHECKING:
    from collections.abc import Callable

    from prometheus_client import CollectorRegistry

    from .report import SafetyReport

NAME = "redis_safety_warning"

_FLAGS = tuple(level for level in Level if level is not Level.OK)


class SafetyMetric:
    """The gauge: 1 for each check and level that the latest report flags, 0 for every other. Safe for threads.

    Alert where `redis_safety_warning > 0`.
    """

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        """Register the gauge.

        Args:
            registry: Where; one registry takes one SafetyMetric, which may serve several validators.

        Raises:
            ValueError: The registry has it already.
        """
        about = "What the latest look at a Redis flags: 1 for its check and level, else 0."
        self._gauge = Gauge(NAME, about, ("store", "check", "level"), registry=registry)

    def of(self, store: str = "default") -> Callable[[SafetyReport], None]:
        """Return what a validator is given as `on_report=`.

        Args:
            store: Names the server in the label; of few values, and no secret.
        """

        def note(report: SafetyReport) -> None:
            flagged = {(finding.check, finding.level) for finding in report.flagged}
            for check in ALL:
                for level in _FLAGS:
                    is_on = (check.name, level) in flagged
                    self._gauge.labels(store=store, check=check.name, level=str(level)).set(is_on)

        return note
