"""Planted: when a breaker has been open for its time, everybody who asks is let through as a probe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.subjects.breaker_words import LIMITS, classify
from harness.subjects.broken.breaker_footing import TERMS, SharedBreaker, behind
from harness.subjects.broken.planted import Planted
from harness.subjects.contract import declare

if TYPE_CHECKING:
    from harness.subjects.contract import Guard

PLANTED = Planted(
    bug="is half open without a permit: when its time is over, every process probes at once",
    cure="gives out one permit, in the script that looks at the state",
    origin="App-vNext/Polly #216; pybreaker admits 6 of 6 processes, aiobreaker and circuitbreaker 10 of 10",
    checker="probe_limit",
)

_as_declared = declare(promise="circuit_breaker", classify=classify, outside=LIMITS, reusable=True, breaker=TERMS)

_FOR_ALL = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local held = redis.call('HMGET', KEYS[1], 'state', 'over')
local state, over = tonumber(held[1] or 0), tonumber(held[2] or 0)
if over == 0 then return state end
if over > now then return -1 end
redis.call('HSET', KEYS[1], 'permit', ARGV[1], 'permit_ends', now + tonumber(ARGV[2]))
return state
"""


@_as_declared
def make(redis_url: str, lease_s: float) -> Guard:
    """Return the guard with the bug."""
    return behind(SharedBreaker(redis_url, lease_s, allow=_FOR_ALL))


@_as_declared
def make_twin(redis_url: str, lease_s: float) -> Guard:
    """Return the guard without it."""
    return behind(SharedBreaker(redis_url, lease_s))
