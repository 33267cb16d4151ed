"""Which measuring belongs to which row of area P. Nothing is measured here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.figures import api_growth, audit_size, guarding, job_safety, redis_load, smoke, workers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.figures.measured import Measure

MEASURES: Mapping[str, Measure] = {
    "P1": guarding.first_call,
    "P2": guarding.check,
    "P3": guarding.setnx_and_get,
    "P4": guarding.startup,
    "P5": job_safety.metrics_guard,
    "P6": job_safety.metrics_guard_in_memory,
    "P7": job_safety.breaker_check,
    "P8": job_safety.breaker_operation,
    "P9": job_safety.recording,
    "P10": redis_load.memory,
    "P11": redis_load.rate_of_200,
    "P12": redis_load.rate_of_100,
    "P13": redis_load.latency,
    "P14": redis_load.per_key,
    "P15": audit_size.record_bytes,
    "P16": audit_size.day,
    "P17": audit_size.compression,
    "P18": api_growth.list_failed,
    "P19": api_growth.retry_one,
    "P20": api_growth.retry_all,
    "P21": api_growth.audit_query,
    "P22": workers.twenty,
    "P23": smoke.whole_run,
    "P24": smoke.end_to_end,
}
"""By the id of the row, in its order."""
