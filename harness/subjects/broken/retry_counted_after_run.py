"""Planted: a try is counted when it has ended, and one that dies in the middle never ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.subjects.broken.planted import Planted
from harness.subjects.broken.retry_footing import LOOK, SharedPolicy, limited_by, tries_of
from harness.subjects.contract import declare
from harness.subjects.retry_words import LIMITS, classify

if TYPE_CHECKING:
    from harness.subjects.contract import Guard

PLANTED = Planted(
    bug="counts a try when it has ended: a job that kills its worker is tried for ever, and no try is counted",
    cure="counts a try before it runs, in the script that looks at the count",
    origin="the mutant of a retry guard that counts after instead of before; rq/rq #2015: jobs that kill their horse",
    checker="attempts_limit",
    faults=("crash_after",),
)

_LOOK = f"""{LOOK}
redis.call('HSET', KEYS[1], 'due', now + math.min(tonumber(ARGV[2]) * 2 ^ tries, tonumber(ARGV[3])))
return 'go'
"""

_as_declared = declare(
    promise="retry_policy", classify=classify, outside=LIMITS, reusable=True, retries={"attempts": 2}
)


class _LateCount(SharedPolicy):
    """Looks before a try, and counts after it."""

    def tell(self, key: str, *, succeeded: bool) -> None:
        if not succeeded:
            self.client.hincrby(tries_of(key), "tries", 1)
        super().tell(key, succeeded=succeeded)


@_as_declared
def make(redis_url: str, lease_s: float) -> Guard:
    """Return the guard with the bug."""
    return limited_by(_LateCount(redis_url, lease_s, 2, _LOOK))


@_as_declared
def make_twin(redis_url: str, lease_s: float) -> Guard:
    """Return the guard without it."""
    return limited_by(SharedPolicy(redis_url, lease_s, 2))
