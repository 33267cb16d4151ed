"""A replication link in our hands: what the primary writes reaches the replica when we let it, byte by byte.

Stands between one primary and one replica on loopback. Must never be used where somebody else's data is copied: it
keeps what it holds back in memory.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, Self

import redis

from harness import clock
from harness.redis_server.errors import RedisUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.redis_server.server import RedisServer

PAIR_CONFIG = {
    "repl-diskless-sync": "no",
    "repl-diskless-sync-delay": "0",
    "repl-diskless-load": "swapdb",
    "repl-timeout": "1000000000",
    "repl-ping-replica-period": "1000000000",
    "repl-backlog-ttl": "0",
    "hz": "500",
}
"""Directives for both servers: no step of a copy waits for a timer, and a clock that jumps breaks no link.

Nor does it change who the primary is: by default one that has had no replica for an hour drops its backlog and takes
another replication id, up to a second of real time after its clock has jumped.
"""

_DEADLINE_S = 60
_CHUNK = 1 << 20


class _Role(NamedTuple):
    """What a server says of itself: primary or replica, how its link is, and up to where it has the stream."""

    name: str
    state: str
    offset: int


class ReplicationLink:
    """The way from *primary* to *replica*, as a context manager."""

    def __init__(
        self, primary: RedisServer, replica: RedisServer, *, pause: Callable[[float], None] = clock.pause_s
    ) -> None:
        """Take two running servers that were made with :data:`PAIR_CONFIG`.

        Args:
            primary: The one that is copied.
            replica: The one that becomes its copy.
            pause: Passes the seconds between two looks at how far they are.
        """
        self._primary = primary.client()
        self._replica = replica.client()
        self._port = primary.port
        self._pause = pause
        self._ends: list[socket.socket] = []
        self._door: socket.socket | None = None
        self._held = bytearray()
        self._given = 0

    def __enter__(self) -> Self:
        """Copy the primary and return when the replica has all of it; from then on everything is held back.

        Raises:
            RedisUnavailableError: They do not come into sync.
        """
        try:
            # It stays open as long as the link: a replica that connects again must not meet somebody else there.
            self._door = socket.create_server(("127.0.0.1", 0))
            self._door.setblocking(False)
            self._replica.replicaof("127.0.0.1", str(self._door.getsockname()[1]))
            self._await(self._is_in_sync, "the replica to be in sync")
        except BaseException:
            self.close()
            raise
        self._given = self._replica_offset()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Break the link; the replica looks for its primary no more. May be called twice."""
        # One that does not answer any more looks for nobody.
        with suppress(redis.RedisError):
            self._replica.replicaof("NO", "ONE")
        self._close_ends()
        if self._door is not None:
            self._door.close()
        self._primary.close()
        self._replica.close()

    def written(self) -> int:
        """Take in all that the primary has written by now, and return its offset.

        Raises:
            RedisUnavailableError: It does not arrive.
        """
        offset = self._primary_offset()

        def is_here() -> bool:
            up, down = self._ends
            self._held += _read(up)
            # A primary sends nothing to a replica that never acknowledged.
            _send(up, _read(down))
            return self._given + len(self._held) >= offset

        self._await(is_here, "the primary's stream")
        return offset

    def let_through(self, offset: int) -> None:
        """Give the replica what the primary wrote up to *offset*, and return when it has applied it.

        Raises:
            RedisUnavailableError: It does not.
        """
        part, self._held = self._held[: offset - self._given], self._held[offset - self._given :]
        _send(self._ends[1], bytes(part))
        self._given = offset
        self._await(lambda: self._replica_offset() == offset, "the replica to apply what it was given")

    def pass_on(self) -> None:
        """Let through all that is there by now, in both directions."""
        up, down = self._ends
        arrived = bytes(self._held) + _read(up)
        self._held.clear()
        self._given += len(arrived)
        _send(down, arrived)
        _send(up, _read(down))

    def promote(self) -> None:
        """Make the replica a primary, as a failover does; what is held back is lost.

        Raises:
            RedisUnavailableError: It does not become one.
        """
        self._replica.replicaof("NO", "ONE")
        self._await(lambda: _role(self._replica).name == "master", "the replica to take over")

    # Within.

    def _accept(self) -> None:
        """Take the replica in that stands at the door, in the place of one that gave up."""
        if self._door is None:
            return
        try:
            down, _ = self._door.accept()
        except BlockingIOError:
            return
        self._close_ends()
        self._held.clear()
        self._ends = [socket.create_connection(("127.0.0.1", self._port)), down]
        for end in self._ends:
            end.setblocking(False)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _close_ends(self) -> None:
        while self._ends:
            self._ends.pop().close()

    def _is_in_sync(self) -> bool:
        self._accept()
        if not self._ends:
            return False
        with suppress(ConnectionError):
            # One of the two may have closed; then the replica comes to the door again.
            self.pass_on()
        copy = _role(self._replica)
        return copy.state == "connected" and copy.offset == self._primary_offset()

    def _primary_offset(self) -> int:
        return _role(self._primary).offset

    def _replica_offset(self) -> int:
        return _role(self._replica).offset

    def _await(self, is_so: Callable[[], bool], wanted: str) -> None:
        deadline_ns = clock.elapsed_ns() + _DEADLINE_S * 10**9
        while not is_so():
            if clock.elapsed_ns() > deadline_ns:
                raise RedisUnavailableError(f"Waited {_DEADLINE_S} s for {wanted}. Look at the servers' logs.")
            self._pause(0.001)


def _role(server: redis.Redis) -> _Role:
    """Ask a server what it is: a fraction of what INFO costs, which is asked a thousand times a second."""
    name, *known = server.role()
    if name == b"master":
        offset, _replicas = known
        return _Role("master", "", offset)
    _host, _port, state, offset = known
    return _Role(name.decode(), state.decode(), offset)


def _read(end: socket.socket) -> bytes:
    """Return what is there to be read; nothing where nothing is."""
    parts = []
    try:
        while part := end.recv(_CHUNK):
            parts.append(part)
    except BlockingIOError:
        pass
    return b"".join(parts)


def _send(end: socket.socket, data: bytes) -> None:
    """Send all of *data*, however full the way is."""
    if data:
        end.setblocking(True)
        end.sendall(data)
        end.setblocking(False)
