"""Flags that no cell can measure, each with a source that says why the configuration is flagged all the same.

A flag that is neither measured nor cited is a false alarm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CITED: Mapping[tuple[str, str], str] = {
    ("eviction", "a policy that evicts, and no memory limit"): (
        "nothing is evicted before somebody sets maxmemory, which needs no restart "
        "(redis.io, Key eviction: maxmemory can be set at runtime with CONFIG SET)"
    ),
}
"""Check and case of a finding, to the reason and its source."""
