"""A server that a schedule has to itself, because it loses it: the server starts again, or its replica takes over.

The loss is real. The process is killed; then its append-only file is cut behind the last write that is kept, or a
replica that was given no more than that becomes the primary. While a server comes up, other schedules go on.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import greenlet

from harness import clock
from harness.errors import CouldNotRunError
from harness.explorer.gate.wire import WirePool
from harness.explorer.world.store import Store
from harness.redis_server.replication_link import PAIR_CONFIG, ReplicationLink
from harness.redis_server.server import RedisServer

if TYPE_CHECKING:
    from pathlib import Path

    from harness.explorer.rig import Rig
    from harness.faults.kind import FaultKind
    from harness.redis_server.binary import ServerBinary

_RUN_ID = re.compile(rb"run_id:(\w+)")
_REPLICATION_ID = re.compile(rb"master_replid:(\w+)")
_NO_REWRITE = (b"aof_rewrite_in_progress:0", b"aof_rewrite_scheduled:0")
_REWRITE_NS = 30_000_000_000
_CONFIG = {**PAIR_CONFIG, "auto-aof-rewrite-percentage": "0"}


class PrivateStore(Store):
    """One server, with a replica where one is to take over. As a context manager it leaves nothing behind."""

    def __init__(self, rig: Rig, binary: ServerBinary, *, has_clock: bool) -> None:
        self._rig = rig
        self._binary = binary
        self._has_clock = has_clock
        self._times: dict[RedisServer, float] = {}
        self._losses: list[FaultKind] = []
        self._link: ReplicationLink | None = None
        self._replica: RedisServer | None = None
        self._was_replica = False
        self._appended: Path | None = None
        self._kept: list[tuple[int, int]] = []
        self._primary = self._started()
        self.url = self._primary.url
        self.pool = WirePool.to(self.url, scripts=rig.store.pool.scripts)
        self.presented = self.pool.address
        self.others = rig.store.others

    def expect(self, losses: list[FaultKind]) -> None:
        """Say what the next schedule loses, in order."""
        self._losses = losses

    def begin(self) -> None:
        """Empty the server, let it know the scripts that the guard's clients have sent so far, and prepare it."""
        self.forgot_scripts = False
        # A schedule that could have lost its store and did not has left its replica.
        self._detach_replica()
        if self._was_replica:
            self._replace_primary()
        self.move_clock()
        self.pool.ask(b"FLUSHALL")
        self.pool.load_scripts()
        # The first replica changes the replication id, which the subject may record when it prepares the store.
        self._attach_replica()
        self._rig.prepare(self)
        self._begin_to_note()

    def move_clock(self) -> None:
        """Let the servers' clocks show the time that it is in the exploration."""
        if not self._has_clock:
            return
        for server, at_s in self._times.items():
            if at_s < self._rig.now_s:
                server.advance(self._rig.now_s - at_s)
                self._times[server] = self._rig.now_s

    def named(self, keys: object) -> None:
        """Note nothing: the server and all its keys are ours."""

    def wrote(self) -> None:
        """Note how far the append-only file, and the stream to the replica, are now."""
        if self._appended is not None:
            streamed = self._link.written() if self._link is not None else 0
            self._kept.append((self._appended.stat().st_size, streamed))

    def lose(self, kind: FaultKind) -> str:
        """Lose the server and the last writes; return the witness, empty where the server came back as it was."""
        before = self._identity()
        size, streamed = self._kept[-1 - kind.loses]
        if kind.fails_over:
            self._fail_over(streamed)
        else:
            self._start_again(size)
        self.forgot_scripts = True
        self.pool.lose(str(self._primary.unix_path))
        after = self._identity()
        self._losses.pop(0)
        self._detach_replica()
        self._attach_replica()
        self._begin_to_note()
        is_other = [one != other for one, other in zip(before, after, strict=True)]
        return kind.witness if is_other[0] and is_other[1] >= kind.fails_over else ""

    def close(self) -> None:
        """Stop every server."""
        self._detach_replica()
        self.pool.close()
        for server in list(self._times):
            self._stop(server)

    # Within.

    def _replace_primary(self) -> None:
        """Let another server stand in the place of one that was a replica, which it tells for as long as it runs."""
        self._stop(self._primary)
        self._primary = self._started()
        self._was_replica = False
        self.pool.lose(str(self._primary.unix_path))

    def _attach_replica(self) -> None:
        """Copy the primary to a replica, where one is to take over."""
        if any(kind.fails_over for kind in self._losses):
            self._replica = self._started()
            self.move_clock()
            self._link = ReplicationLink(self._primary, self._replica, pause=let_others_go_on)
            self._link.__enter__()

    def _detach_replica(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None
        if self._replica is not None:
            self._stop(self._replica)
            self._replica = None

    def _begin_to_note(self) -> None:
        """Note how far the files are, for the losses to come."""
        self._appended = self._settled_file() if self._losses else None
        self._kept = []
        self.wrote()
        # A copy for the replica counts as a save, and starts the count of changes again.
        self.pool.recount()

    def _settled_file(self) -> Path:
        """Return the append-only file once the server begins no other: one that was a replica has been rewriting it.

        Raises:
            CouldNotRunError: It goes on for too long.
        """
        deadline_ns = clock.elapsed_ns() + _REWRITE_NS
        while not all(word in self.pool.ask(b"INFO", b"persistence") for word in _NO_REWRITE):
            if clock.elapsed_ns() > deadline_ns:
                raise CouldNotRunError("a server has rewritten its append-only file for 30 s")
            let_others_go_on(0.001)
        return self._primary.append_only_file()

    def _start_again(self, size: int) -> None:
        appended = self._primary.append_only_file()
        self._primary.kill()
        os.truncate(appended, size)
        self._primary.restart()
        self._rig.keep_near(self._primary)

    def _fail_over(self, streamed: int) -> None:
        if self._link is None or self._replica is None:
            raise TypeError("a failover without a replica")
        self._link.let_through(streamed)
        self._primary.kill()
        self._link.promote()
        self._stop(self._primary)
        self._primary, self._replica = self._replica, None
        self._was_replica = True

    def _identity(self) -> tuple[bytes, bytes]:
        """Return run id and replication id."""
        server, replication = (self.pool.ask(b"INFO", section) for section in (b"server", b"replication"))
        return _RUN_ID.findall(server)[0], _REPLICATION_ID.findall(replication)[0]

    def _started(self) -> RedisServer:
        server = RedisServer(
            binary=self._binary,
            appendonly=True,
            appendfsync="no",
            config=_CONFIG,
            controlled_clock=self._has_clock,
            pause=let_others_go_on,
        ).start()
        self._times[server] = 0.0
        self._rig.keep_near(server)
        return server

    def _stop(self, server: RedisServer) -> None:
        self._times.pop(server, None)
        server.stop()


def let_others_go_on(seconds: float) -> None:
    """Let other schedules go on while a server comes up; outside every schedule, sleep."""
    wait = getattr(greenlet.getcurrent(), "let_others_go_on", None)
    if wait is None:
        clock.pause_s(seconds)
    else:
        wait()
