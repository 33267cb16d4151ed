"""The lattice as data: its axes, the rules by which cells are left out, and the configurations that remain.

Nothing is run here. A configuration always comes with every crash that can befall it, so that whoever flags it can be
asked what for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

from verify.durability.cell import Append, Configuration, Confirm, Crash, Save

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

POLICIES = (
    "noeviction",
    "allkeys-lru",
    "allkeys-lfu",
    "allkeys-random",
    "volatile-lru",
    "volatile-lfu",
    "volatile-random",
    "volatile-ttl",
)
"""Every maxmemory-policy that Redis and Valkey share."""

AXES: Mapping[str, tuple[str, ...]] = {
    "append-only file (appendfsync)": tuple(Append),
    "snapshots": tuple(Save),
    "maxmemory-policy": POLICIES,
    "memory limit": ("no", "yes"),
    "replicas": ("0", "1", "2"),
    "min-replicas-to-write": ("0", "1"),
    "the guard waits for": tuple(Confirm),
    "crash": tuple(Crash),
}
"""What the lattice is spanned by, in words."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Why cells are left out.

    Attributes:
        leaves_out: Which, as a sentence.
        because: Why nothing is lost by that, or why there is no such cell.
    """

    leaves_out: str
    because: str


RULES = (
    Rule("Failover without a replica.", "There is nobody who could take over."),
    Rule("Memory pressure without a memory limit.", "The server would take the machine's memory, and evict nothing."),
    Rule(
        "Save points with an append-only file, but for the plainest configuration of each fsync policy.",
        "A server that has the file does not read the snapshot when it starts; the plainest one shows it.",
    ),
    Rule(
        "A memory limit, or a policy that evicts, with replicas, save points, appendfsync no or a waiting guard.",
        "The primary chooses what is evicted, and that is gone whatever was fsynced, copied or confirmed.",
    ),
    Rule(
        "A policy that evicts and no memory limit, but for one policy.",
        "Without a limit all policies do the same: nothing.",
    ),
    Rule(
        "`all replicas` with fewer than two replicas.",
        "With one it is `one replica`.",
    ),
    Rule(
        "Two replicas with appendfsync no, with save points, or with a guard that waits for its fsync alone.",
        "Those decide what one server keeps; the second replica decides which one takes over.",
    ),
)
"""All that is left out."""


def configurations() -> tuple[Configuration, ...]:
    """Return every configuration of the lattice, in order, without doubles."""
    return tuple(dict.fromkeys((*_files_and_replicas(), *_two_replicas(), *_memory())))


def crashes_of(configuration: Configuration) -> tuple[Crash, ...]:
    """Return every crash that can befall a configuration."""
    can = {
        Crash.FAILOVER: configuration.replicas > 0,
        Crash.MEMORY_PRESSURE: configuration.limited,
    }
    return tuple(crash for crash in Crash if can.get(crash, True))


def cells(chosen: tuple[Configuration, ...]) -> tuple[tuple[Configuration, Crash], ...]:
    """Return the cells of some configurations."""
    return tuple((each, crash) for each in chosen for crash in crashes_of(each))


def full() -> tuple[tuple[Configuration, Crash], ...]:
    """Return the whole lattice."""
    return cells(configurations())


def smoke() -> tuple[tuple[Configuration, Crash], ...]:
    """Return a few configurations that tell a sound validator from one that always says the same."""
    plainest = Configuration()
    return cells(
        (
            plainest,
            replace(plainest, append=Append.OFF),
            replace(plainest, append=Append.OFF, save=Save.POINTS),
            replace(plainest, append=Append.EVERYSEC),
            replace(plainest, limited=True),
            replace(plainest, policy="allkeys-lru"),
            replace(plainest, policy="allkeys-lru", limited=True),
            replace(plainest, policy="volatile-ttl", limited=True),
            replace(plainest, replicas=1, min_replicas=1),
            replace(plainest, replicas=1, confirm=Confirm.ONE_REPLICA),
            replace(plainest, min_replicas=1),
        )
    )


def _files_and_replicas() -> Iterator[Configuration]:
    waits = (Confirm.NOTHING, Confirm.FSYNC, Confirm.ONE_REPLICA)
    for append, save, replicas, minimum, confirm in product(Append, Save, (0, 1), (0, 1), waits):
        one = Configuration(append=append, save=save, replicas=replicas, min_replicas=minimum, confirm=confirm)
        is_plainest = one == Configuration(append=append, save=save)
        if save is Save.NONE or append is Append.OFF or is_plainest:
            yield one


def _two_replicas() -> Iterator[Configuration]:
    waits = (Confirm.NOTHING, Confirm.ONE_REPLICA, Confirm.ALL_REPLICAS)
    for append, minimum, confirm in product((Append.OFF, Append.EVERYSEC, Append.ALWAYS), (0, 1), waits):
        yield Configuration(append=append, replicas=2, min_replicas=minimum, confirm=confirm)


def _memory() -> Iterator[Configuration]:
    for append in (Append.OFF, Append.EVERYSEC, Append.ALWAYS):
        yield Configuration(append=append, policy="allkeys-lru")
        for policy in POLICIES:
            yield Configuration(append=append, policy=policy, limited=True)
