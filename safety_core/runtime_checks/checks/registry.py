"""All checks, in the order of the report. One list: the pages are made from it too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import client, memory, persistence, records, replication, server

if TYPE_CHECKING:
    from safety_core.runtime_checks.check import Check, Finding
    from safety_core.runtime_checks.expected import Expected
    from safety_core.runtime_checks.facts import ServerFacts

ALL: tuple[Check, ...] = (
    server.REACHABLE,
    server.VERSION,
    server.LOADING,
    server.SAME_STORE,
    replication.ROLE,
    persistence.APPEND_ONLY_FILE,
    persistence.FSYNC,
    persistence.APPEND_ONLY_WRITES,
    persistence.SNAPSHOTS,
    persistence.CONFIRMATION,
    memory.EVICTION,
    memory.MEMORY,
    memory.SCRIPT_FLAGS,
    replication.REPLICAS,
    replication.FAILOVER,
    client.CLIENT_RETRIES,
    records.RETENTION,
    records.AUDIT_FOLDER,
)


def look(facts: ServerFacts, expected: Expected) -> tuple[Finding, ...]:
    """Return what every check finds, without those that do not apply. Pure."""
    return tuple(finding for check in ALL if (finding := check.look(facts, expected)) is not None)
