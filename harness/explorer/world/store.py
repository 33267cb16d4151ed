"""The server as a schedule has it: shared with others, or its own to lose. Decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.explorer.world.master_keys import found_at

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.explorer.gate.wire import Address, WirePool
    from harness.explorer.rig import Rig
    from harness.explorer.target import Target
    from harness.faults.kind import FaultKind


class Store:
    """A server that many schedules share, each with keys of its own.

    Attributes:
        url: Where subjects are told that it is.
        presented: The same as an address.
        pool: Wires to it.
        others: Wires to the other servers, where the subject asks several; nobody loses those.
        forgot_scripts: Whether the schedule has lost the scripts of the server, so that not knowing one is no chance.
    """

    forgot_scripts = False

    def __init__(self, rig: Rig, target: Target, pool: WirePool, others: tuple[WirePool, ...] = ()) -> None:
        self.url = target.url
        self.presented: Address = pool.address
        self.pool = pool
        self.others = others
        self._rig = rig
        self._target = target
        self._at_s = target.moved_s

    @property
    def pools(self) -> tuple[WirePool, ...]:
        """Wires to every server that the subject asks, in order."""
        return (self.pool, *self.others)

    def begin(self) -> None:
        """Begin a schedule."""

    def move_clock(self) -> None:
        """Let the server's clock show the time that it is in the exploration.

        Raises:
            ClockUnavailableError: It cannot be moved.
        """
        if self._rig.now_s > self._at_s:
            self._target.advance(self._rig.now_s - self._at_s)
            self._at_s = self._rig.now_s

    def prepared(self) -> None:
        """Note that the store is ready for schedules."""
        for pool in self.pools:
            pool.recount()

    def named(self, keys: Iterable[bytes]) -> None:
        """Note which keys a command named: on somebody else's server exactly these are removed afterwards."""
        if self._target.keys is not None:
            self._target.keys.update(keys)

    def wrote(self) -> None:
        """Note that a command of the schedule has changed something."""

    def remove(self, key: bytes) -> bool:
        """Remove a key as an eviction does; say whether it was there."""
        master, bare = found_at(key) if self.others else (0, key)
        return bool(self.pools[master].ask(b"UNLINK", bare))

    def lose(self, kind: FaultKind) -> str:
        """Lose the server; return the witness.

        Raises:
            TypeError: Others use it.
        """
        raise TypeError(f"{kind.name}: this server is shared, and others would lose it too")
