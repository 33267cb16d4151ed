"""Planted: a job waits as long after its tenth try as after its first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.subjects.broken.planted import Planted
from harness.subjects.broken.retry_footing import TRY, SharedPolicy, limited_by
from harness.subjects.contract import declare
from harness.subjects.retry_words import LIMITS, classify

if TYPE_CHECKING:
    from harness.subjects.contract import Guard

PLANTED = Planted(
    bug="waits the first cooldown after every try: what is down is asked again and again at the same rate",
    cure="doubles the cooldown with each try",
    origin="the mutant of a policy whose cooldown does not double",
    checker="cooldown_kept",
)
_FLAT = TRY.replace("* 2 ^ tries", "")

_as_declared = declare(
    promise="retry_policy", classify=classify, outside=LIMITS, reusable=True, retries={"attempts": 3}
)


@_as_declared
def make(redis_url: str, lease_s: float) -> Guard:
    """Return the guard with the bug."""
    return limited_by(SharedPolicy(redis_url, lease_s, 3, _FLAT))


@_as_declared
def make_twin(redis_url: str, lease_s: float) -> Guard:
    """Return the guard without it."""
    return limited_by(SharedPolicy(redis_url, lease_s, 3))
