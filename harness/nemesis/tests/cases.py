"""All cases, file by file."""

from __future__ import annotations

from harness.nemesis.tests import memory_cases, network_cases, process_cases, store_cases, venue_cases

CASES = (
    *process_cases.CASES,
    *store_cases.CASES,
    *memory_cases.CASES,
    *network_cases.CASES,
    *venue_cases.CASES,
)
