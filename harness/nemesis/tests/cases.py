"""All cases, file by file."""

from __future__ import annotations

from harness.nemesis.tests import (
    failover_cases,
    memory_cases,
    network_cases,
    process_cases,
    reply_cases,
    store_cases,
    venue_cases,
    worker_cases,
)

CASES = (
    *process_cases.CASES,
    *worker_cases.CASES,
    *store_cases.CASES,
    *failover_cases.CASES,
    *network_cases.CASES,
    *reply_cases.CASES,
    *memory_cases.CASES,
    *venue_cases.CASES,
)
