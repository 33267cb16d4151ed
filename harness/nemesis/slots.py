"""What the faults of a cluster share: a slot with all its keys, moved from one node to another, whole or half."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import CouldNotRunError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.nemesis.site import Server

_MIGRATE_MS = 5_000
_BATCH = 1_000


class Slot:
    """The slot of a key, as the nodes of a cluster know it.

    Attributes:
        number: The slot's.
        home: The node that has it.
        other: Another node.
    """

    def __init__(self, nodes: Sequence[Server], key: str) -> None:
        """Ask the nodes who has the slot of *key*.

        Raises:
            CouldNotRunError: None of them.
        """
        self.number = int(str(_ask(nodes[0], "KEYSLOT", key)))
        ids = [_name(node) for node in nodes]
        owner = _owner(nodes[0], self.number)
        if owner not in ids:
            raise CouldNotRunError(f"Asked the cluster who has slot {self.number}: none of the site's nodes does.")
        at = ids.index(owner)
        self.home, self._home_id = nodes[at], owner
        self.other, self._other_id = nodes[at - 1], ids[at - 1]

    def begin_move(self, *, back: bool = False) -> None:
        """Say on both sides that the slot moves, and move its keys: who asks its node for one is sent on (ASK)."""
        (source, source_id), (target, target_id) = self._ways(back=back)
        _ask(target, "SETSLOT", self.number, "IMPORTING", source_id)
        _ask(source, "SETSLOT", self.number, "MIGRATING", target_id)
        self._move_keys(source, target)

    def end_move(self, *, back: bool = False) -> None:
        """Say on both sides that the slot has moved: who asks the old node is sent on for good (MOVED)."""
        (source, _), (target, target_id) = self._ways(back=back)
        _ask(target, "SETSLOT", self.number, "NODE", target_id)
        _ask(source, "SETSLOT", self.number, "NODE", target_id)

    def come_home(self) -> None:
        """End a move that was begun, and move the slot back home; harmless where it is there.

        A move is not given up half way: a node that no longer sends on would say of keys that they are not there.
        """
        if self._is_leaving:
            self.end_move()
        if _owner(self.home, self.number) != self._home_id:
            self.begin_move(back=True)
            self.end_move(back=True)

    @property
    def _is_leaving(self) -> bool:
        """Whether the home node says that the slot is on its way to another node."""
        return f"[{self.number}->-".encode() in _nodes(self.home)

    def _ways(self, *, back: bool) -> tuple[tuple[Server, str], tuple[Server, str]]:
        ways = (self.home, self._home_id), (self.other, self._other_id)
        return (ways[1], ways[0]) if back else ways

    def _move_keys(self, source: Server, target: Server) -> None:
        port = _port(target)
        with source.client() as client:
            while keys := client.execute_command("CLUSTER", "GETKEYSINSLOT", self.number, _BATCH):
                client.migrate("127.0.0.1", port, keys, 0, _MIGRATE_MS)


def _ask(node: Server, *words: str | int) -> object:
    with node.client() as client:
        return client.execute_command("CLUSTER", *words)


def _nodes(node: Server) -> bytes:
    told = _ask(node, "NODES")
    return told if isinstance(told, bytes) else str(told).encode()


def _name(node: Server) -> str:
    told = _ask(node, "MYID")
    return told.decode() if isinstance(told, bytes) else str(told)


def _port(node: Server) -> int:
    with node.client() as client:
        return int(str(client.config_get("port")["port"]))


def _owner(node: Server, slot: int) -> str:
    """Return the id of the node that *node* believes to have *slot*, empty where none has."""
    with node.client() as client:
        rows = client.execute_command("CLUSTER", "SLOTS")
    holders = [primary[2] for first, last, primary, *_ in rows if first <= slot <= last]
    return holders[0].decode() if holders else ""
