"""Planted: a cooldown doubles with each try, and nothing ever caps it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.subjects.broken.planted import Planted
from harness.subjects.broken.retry_footing import TRY, SharedPolicy, limited_by
from harness.subjects.contract import declare
from harness.subjects.retry_words import LIMITS, classify

if TYPE_CHECKING:
    from harness.subjects.contract import Guard

PLANTED = Planted(
    bug="doubles the cooldown without an end: after some tries a job waits longer than it lives",
    cure="waits the longest cooldown at the most",
    origin="the mutant of a policy whose cooldown overflows beyond the hour that caps it",
    checker="retry_given",
)
_ENDLESS = TRY.replace(", tonumber(ARGV[3]))", ")")

_as_declared = declare(
    promise="retry_policy", classify=classify, outside=LIMITS, reusable=True, retries={"attempts": 4}
)


@_as_declared
def make(redis_url: str, lease_s: float) -> Guard:
    """Return the guard with the bug."""
    return limited_by(SharedPolicy(redis_url, lease_s, 4, _ENDLESS))


@_as_declared
def make_twin(redis_url: str, lease_s: float) -> Guard:
    """Return the guard without it."""
    return limited_by(SharedPolicy(redis_url, lease_s, 4))
