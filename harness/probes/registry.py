"""Every probe by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.probes import book_growth, error_rate, key_count, latency_ms

if TYPE_CHECKING:
    from harness.probes.probe import Probe

ALL: dict[str, Probe] = {
    module.PROBE.name: module.PROBE for module in (latency_ms, error_rate, key_count, book_growth)
}
