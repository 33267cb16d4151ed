"""Planted: the permit of a probe ends only when the probe does, and a prober that died never says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.subjects.breaker_words import LIMITS, classify
from harness.subjects.broken.breaker_footing import TERMS, SharedBreaker, behind
from harness.subjects.broken.planted import Planted
from harness.subjects.contract import declare

if TYPE_CHECKING:
    from harness.subjects.contract import Guard

PLANTED = Planted(
    bug="counts a probe as under way until it says how it ended: one that dies keeps the breaker half open for ever",
    cure="lets the permit of a probe end by itself",
    origin="resilience4j #903, #935, #1432: half open for ever when permits are not given back",
    checker="closes_again",
    faults=("crash_before",),
)
_A_YEAR_S = 365 * 86_400.0

_as_declared = declare(promise="circuit_breaker", classify=classify, outside=LIMITS, reusable=True, breaker=TERMS)


@_as_declared
def make(redis_url: str, lease_s: float) -> Guard:
    """Return the guard with the bug."""
    return behind(SharedBreaker(redis_url, lease_s, permit_s=_A_YEAR_S))


@_as_declared
def make_twin(redis_url: str, lease_s: float) -> Guard:
    """Return the guard without it."""
    return behind(SharedBreaker(redis_url, lease_s))
