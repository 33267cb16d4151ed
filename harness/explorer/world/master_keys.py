"""How keys are told apart where a subject asks several servers: ``m2:k0`` is k0 at the second one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def at_master(master: int, keys: Iterable[bytes]) -> tuple[bytes, ...]:
    """Return the names of *keys* at a server; the first one is 0."""
    return tuple(b"m%d:%b" % (master + 1, key) for key in keys)


def found_at(name: bytes) -> tuple[int, bytes]:
    """Return the server and the key of a name that :func:`at_master` gave."""
    master, _, key = name.partition(b":")
    return int(master[1:]) - 1, key
