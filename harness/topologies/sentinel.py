"""A primary and a replica, watched by three Sentinels that promote the replica when two of them miss the primary."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import redis

from harness.redis_server.redis_py import info
from harness.redis_server.replication import AT_ONCE, wait_for, wait_in_sync
from harness.topologies.primary_replica import replicate
from harness.topologies.topology import Topology

if TYPE_CHECKING:
    from harness.redis_server.owned import OwnedServer

SERVICE = "stormproof"
"""The name by which clients ask the Sentinels for the primary."""
QUORUM = 2
_SENTINELS = 3
_DEADLINE_S = 60.0
_PERIODS = {"info-period": "200", "publish-period": "100", "ping-period": "300", "ask-period": "100"}
"""How often a Sentinel asks and tells, in milliseconds. Redis 6.2 cannot be told: it keeps 10, 2, 1 and 1 seconds.

A replica is fit to be promoted if its INFO is no older than five pings, and while the primary is down it is asked for
INFO once a second, whatever is set here (`sentinelSelectSlave`). So pings must be more than 200 ms apart.
"""
_DOWN_AFTER_MS, _DOWN_AFTER_SLOWLY_MS = 1_000, 3_000
"""After how much silence a server is down: several pings, so that a busy machine does not look like a dead server."""


class SentinelTopology(Topology):
    """Two servers under three Sentinels.

    Attributes:
        servers: The primary, then the replica, as the Sentinels see it.
        sentinels: The Sentinels.
    """

    NAME = "sentinel"
    WHAT = "a primary, a replica and three Sentinels, two of which must miss the primary"

    sentinels: tuple[OwnedServer, ...] = ()

    @property
    def sentinel_addresses(self) -> tuple[tuple[str, int], ...]:
        """Where clients find the Sentinels: host and port of each."""
        return tuple(("127.0.0.1", sentinel.port) for sentinel in self.sentinels)

    def fail_over(self, *, deadline_s: float = _DEADLINE_S) -> OwnedServer:
        """Kill the primary, wait until every Sentinel names the replica in its place and it is one; return it.

        Raises:
            RedisUnavailableError: The Sentinels did not promote it within *deadline_s* seconds.
        """
        primary, replica = self.servers
        primary.kill()
        with replica.client() as client:

            def state() -> tuple[bool, str]:
                named = {self._named(sentinel) for sentinel in self.sentinels}
                role = _role(client)
                return named == {replica.port} and role == "master", f"primary at {named}, the replica's role {role}"

            wait_for(state, "the Sentinels to fail over", of=self.sentinels[0], deadline_s=deadline_s)
        self.servers = (replica, primary)
        return replica

    def rejoin(self, *, deadline_s: float = _DEADLINE_S) -> None:
        """Start the server that was killed, and return when the Sentinels have made it a replica that is in sync.

        Raises:
            RedisUnavailableError: Not within *deadline_s* seconds.
        """
        primary, killed = self.servers
        killed.restart()
        with killed.client() as client:

            def state() -> tuple[bool, str]:
                role = _role(client)
                return role == "slave", f"role {role}"

            wait_for(state, "the Sentinels to make it a replica", of=self.sentinels[0], deadline_s=deadline_s)
        wait_in_sync(primary, killed)

    def _stand(self) -> None:
        self.servers = self._made(2, AT_ONCE)
        replicate(*self.servers)
        self.sentinels = self._made(_SENTINELS, arguments=("--sentinel",))
        for number, sentinel in enumerate(self.sentinels, start=1):
            with sentinel.client() as client:
                down_after_ms = _DOWN_AFTER_MS if _hurried(client) else _DOWN_AFTER_SLOWLY_MS
                if number > QUORUM:
                    # Three that see it at once may vote for themselves, each of them, and try again much later.
                    down_after_ms *= 2
                _say(client, "MONITOR", SERVICE, "127.0.0.1", str(self.servers[0].port), str(QUORUM))
                _say(client, "SET", SERVICE, "down-after-milliseconds", str(down_after_ms))
                _say(client, "SET", SERVICE, "failover-timeout", str(5 * down_after_ms))
        for sentinel in self.sentinels:
            with sentinel.client() as client:
                wait_for(lambda: _knows_all(client), "the Sentinels to find each other", of=sentinel)

    def _named(self, sentinel: OwnedServer) -> int:
        with sentinel.client() as client:
            _, port = cast("tuple[bytes, bytes]", _say(client, "GET-MASTER-ADDR-BY-NAME", SERVICE))
        return int(port)


def _role(client: redis.Redis) -> str:
    """Return a server's role. Sentinels make it drop its clients when they change that, so it may not tell."""
    try:
        return str(info(client, "replication").get("role"))
    except redis.ConnectionError as error:
        return f"not told ({error})"


def _say(client: redis.Redis, *words: str) -> object:
    return client.execute_command("SENTINEL", *words)  # type: ignore[no-untyped-call]


def _hurried(client: redis.Redis) -> bool:
    """Shorten the periods of a Sentinel, and say whether it can do that."""
    try:
        _say(client, "DEBUG", *(word for pair in _PERIODS.items() for word in pair))
    except redis.ResponseError as error:
        if "unknown" not in str(error).lower():
            raise
        return False
    return True


def _knows_all(client: redis.Redis) -> tuple[bool, str]:
    known = cast("dict[bytes, bytes]", _as_mapping(_say(client, "MASTER", SERVICE)))
    others, replicas = int(known[b"num-other-sentinels"]), int(known[b"num-slaves"])
    return (others, replicas) == (_SENTINELS - 1, 1), f"{others} other Sentinels and {replicas} replicas known"


def _as_mapping(answer: object) -> dict[object, object]:
    """Return an answer of pairs as a mapping, whichever protocol the client speaks."""
    if isinstance(answer, dict):
        return {_bytes(name): _bytes(value) for name, value in answer.items()}
    pairs = cast("list[object]", answer)
    return dict(zip(pairs[::2], pairs[1::2], strict=True))


def _bytes(value: object) -> object:
    return value if isinstance(value, bytes) else str(value).encode()
