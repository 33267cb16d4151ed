"""Planted: the number of the attempt is part of the key of a job's run, so that each retry is another run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.subjects.broken.footing import LIMITS, classify, connect, put, replay, run_claimed
from harness.subjects.broken.planted import Planted
from harness.subjects.contract import declare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.subjects.contract import Effect, Guard

PLANTED = Planted(
    bug="guards a job's run by a key that holds the number of the attempt: of a retry it has never heard before",
    cure="guards it by what the job does and to what, which no retry changes",
    origin="keys made of the ids of jobs and executions, which change when a job is made anew or retried",
    checker="at_most_once",
)

_as_declared = declare(promise="exactly_once_or_in_doubt", classify=classify, outside=LIMITS, reusable=True)


def _make(redis_url: str, *, numbers_runs: bool) -> Guard:
    client = connect(redis_url)

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        attempt = client.incr(f"attempts:{key}")
        name = f"run:{key}:{attempt}" if numbers_runs else f"run:{key}"
        held = put(client, name, "started")
        if held is not None:
            return replay(key, held)
        return run_claimed(client, name, payload, effect)

    return guard


@_as_declared
def make(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard with the bug; a claim never ends, so the lease is not used."""
    return _make(redis_url, numbers_runs=True)


@_as_declared
def make_twin(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard without it."""
    return _make(redis_url, numbers_runs=False)
