"""Planted: a forced retry of a job passes not only the policy that limits retries, but its once-only guard too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.subjects.broken.footing import LIMITS, InDoubtError, classify, connect, put, replay, run_claimed
from harness.subjects.broken.planted import Planted
from harness.subjects.contract import declare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.subjects.contract import Effect, Guard

PLANTED = Planted(
    bug="answers a doubt about a job's run with a forced retry that does not ask the guard: it runs a second time",
    cure="lets force lift the policy alone; a run in doubt stays in doubt until somebody has asked the venue",
    origin="the requeue commands of job queues: a job whose worker died after its effect is simply run again",
    checker="at_most_once",
    faults=("crash_after",),
)

_as_declared = declare(promise="exactly_once_or_in_doubt", classify=classify, outside=LIMITS, reusable=True)

_LEASES_OVER = """
local held, now_s = redis.call('GET', KEYS[1]), tonumber(redis.call('TIME')[1])
local ends_s = tonumber(string.match(held or '', '^started (%d+)$') or 0)
return (ends_s > 0 and ends_s < now_s) and 1 or 0
"""
"""Says whether a run has not ended within its lease."""


def _make(redis_url: str, lease_s: float, *, lifts_guard: bool) -> Guard:
    client = connect(redis_url)

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        name = f"run:{key}"
        held = put(client, name, f"started {int(client.time()[0] + lease_s)}")
        if held is None:
            return run_claimed(client, name, payload, effect)
        try:
            return replay(key, held)
        except InDoubtError:
            if lifts_guard and client.eval(_LEASES_OVER, 1, name):
                return run_claimed(client, name, payload, effect)
            raise

    return guard


@_as_declared
def make(redis_url: str, lease_s: float) -> Guard:
    """Return the guard with the bug."""
    return _make(redis_url, lease_s, lifts_guard=True)


@_as_declared
def make_twin(redis_url: str, lease_s: float) -> Guard:
    """Return the guard without it."""
    return _make(redis_url, lease_s, lifts_guard=False)
