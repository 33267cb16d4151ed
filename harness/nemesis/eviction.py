"""eviction: memory runs short, and the server evicts keys by its policy until the struck one is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import redis

from harness.errors import CouldNotRunError, WrongInputError
from harness.nemesis.directives import Directives
from harness.nemesis.evidence import told
from harness.nemesis.fault import OURS, Injection, RealFault
from harness.nemesis.site import Need

if TYPE_CHECKING:
    from harness.nemesis.site import Site

POLICIES = (
    "allkeys-lru",
    "allkeys-lfu",
    "allkeys-random",
    "volatile-lru",
    "volatile-lfu",
    "volatile-random",
    "volatile-ttl",
)
"""Every policy that evicts. Without one (``noeviction``) writes are refused: that is the fault ``oom``."""

_HEADROOM = 256 * 1024
_FILLER = "stormproof:filler:{}"
_VALUE = "." * 1024
_BATCH, _MOST = 20, 20_000
"""Some 250 fillers fit. Where the victim is drawn by lot, 20,000 miss the struck key once in e**80 tries."""
_TOUCHES = 16


def plan(site: Site, *, policy: str = "allkeys-lru") -> Injection:
    """Leave the server little memory and fill it until the struck key is evicted.

    Raises:
        WrongInputError: *policy* is none that evicts.
    """
    if policy not in POLICIES:
        raise WrongInputError(f"eviction: policy must be one of {', '.join(POLICIES)}, not {policy!r}")
    server, key = site.the_server, site.key
    client = server.client()
    directives = Directives(server, "maxmemory", "maxmemory-policy", "lfu-log-factor")
    before = _evicted(site)
    written: list[str] = []
    gone: list[bool] = []

    def strike() -> None:
        _check_candidate(client, key, policy)
        limit = int(told(server, "memory", "used_memory")) + _HEADROOM
        directives.set({"lfu-log-factor": 0, "maxmemory-policy": policy, "maxmemory": limit})
        touches = _TOUCHES if policy.endswith("lfu") else 0
        while client.exists(key) and len(written) < _MOST and _fill(client, written, touches=touches):
            pass
        gone.append(client.exists(key) == 0)

    def look() -> str:
        evicted = _evicted(site) - before
        if evicted < 1 or gone != [True]:
            return ""
        return f"the server evicted {evicted} keys by {policy}, and {key} was gone"

    def remove_fillers() -> None:
        for at in range(0, len(written), _BATCH):
            client.unlink(*written[at : at + _BATCH])

    return Injection(strike=strike, look=look, heal=(remove_fillers, directives.restore))


def _check_candidate(client: redis.Redis, key: str, policy: str) -> None:
    if not client.exists(key):
        raise CouldNotRunError(f"Tried to evict {key}: it is not there. Inject after it was written.")
    if policy.startswith("volatile") and client.ttl(key) == -1:
        raise CouldNotRunError(f"Tried to evict {key} by {policy}: it has no time to live, so it is no candidate.")


def _evicted(site: Site) -> int:
    return int(told(site.the_server, "stats", "evicted_keys"))


def _fill(client: redis.Redis, written: list[str], *, touches: int) -> bool:
    """Write some fillers, read each *touches* times, and return whether the server took all of them."""
    pipe = client.pipeline(transaction=False)
    for _ in range(_BATCH):
        written.append(_FILLER.format(len(written)))
        pipe.set(written[-1], _VALUE)
        for _ in range(touches):
            pipe.get(written[-1])
    return not any(isinstance(answer, redis.RedisError) for answer in pipe.execute(raise_on_error=False))


FAULT = RealFault(
    name="eviction",
    what="The server is given little memory and the eviction policy `policy`, and is filled until it has evicted the "
    "struck key.",
    witness="`evicted_keys` has grown, and the key, which was there, is gone.",
    demand="May not take a record that is gone for one that never was, as far as it promises that.",
    heals="Memory limit and policy are as before, the fillers are removed. What was evicted stays lost.",
    blast_radius="Any key of a server of ours, whichever the policy picks, and its memory limit.",
    needs=frozenset({Need.SERVER, Need.KEY}),
    providers=OURS,
    plan=plan,
)
inject = FAULT.inject
