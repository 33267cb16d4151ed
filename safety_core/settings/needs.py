"""Which flag needs which others, as data. Decides nothing about when to switch them."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SAFETY = (
    "runtime.redis_checks",
    "retry.metrics.enabled",
    "retry.anomaly_guard",
    "retry.circuit_breaker.enabled",
    "retry.circuit_breaker_alerts",
    "jobs_api.enabled",
)

NEEDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "retry.circuit_breaker.enabled": ("retry.metrics.enabled",),
        "retry.circuit_breaker_alerts": ("retry.circuit_breaker.enabled",),
        "adaptive.enabled": _SAFETY,
        "leaderboard.enabled": ("adaptive.enabled",),
        "hybrid.enabled": ("adaptive.enabled",),
    }
)
"""What must be on where a flag is on."""


def problems_of(flags: Mapping[str, bool]) -> list[str]:
    """Return one sentence for each flag that is on without one that it needs."""
    return list(_problems(flags))


def _problems(flags: Mapping[str, bool]) -> Iterator[str]:
    for flag, needed in NEEDS.items():
        missing = [name for name in needed if flags[flag] and not flags[name]]
        if missing:
            yield f"{flag} is true, and needs {', '.join(f'{name}: true' for name in missing)}"
