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
    ("script_flags", "a memory limit, and a server that does not know the flags of scripts"): (
        "only a script that says allow-oom may write at the limit, and servers before 7.0 know no such flag "
        "(redis.io, Scripting with Lua: script flags); a mark that is refused there is seen in "
        "safety_core/tests/test_old_server.py"
    ),
}
"""Check and case of a finding, to the reason and its source."""
