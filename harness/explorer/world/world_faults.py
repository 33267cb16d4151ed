"""Faults that strike no process in particular: time jumps, a key is gone, the store dies and forgets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.explorer.world.trace import THE_STORE, TIME
from harness.faults.kind import Target
from harness.faults.registry import ALL
from verify.decisions import on_key, struck_kind

if TYPE_CHECKING:
    from harness.explorer.world.world import World
    from harness.faults.kind import FaultKind


class WorldFaults:
    """Carries out decisions about the world of one schedule."""

    def __init__(self, world: World) -> None:
        self._world = world
        setting = world.setting
        self._time = [kind for kind in setting.kinds if kind.target is Target.TIME and setting.has_clock]
        self._keys = [kind for kind in setting.kinds if kind.target is Target.KEY]
        self._store = [kind for kind in setting.kinds if kind.target is Target.STORE]

    def possible(self) -> list[str]:
        """Return the decisions that let such a fault strike now."""
        world = self._world
        note = world.surroundings.applicable.add
        options = []
        must_lose = world.must_lose_writes
        for kind in () if must_lose else self._time:
            options.append(kind.name)
            note((TIME, (kind.name,)))
        for kind in () if must_lose else self._keys:
            for name in world.written:
                options.append(on_key(kind.name, name))
                note((name, (kind.name,)))
        for kind in self._store:
            if must_lose <= kind.loses <= world.writes:
                options.append(kind.name)
                note((THE_STORE, (kind.name,)))
        return options

    def strike(self, decision: str) -> None:
        """Let the fault strike."""
        kind = ALL[struck_kind(decision)]
        if kind.target is Target.TIME:
            self.advance(kind, self._world.setting.jump_s)
        elif kind.target is Target.KEY:
            self._remove(kind, next(name for name in self._world.written if on_key(kind.name, name) == decision))
        else:
            self._lose_store(kind)

    def advance(self, kind: FaultKind, seconds: float) -> None:
        """Let time jump by so many seconds."""
        world = self._world
        world.trace.touch(everything=True)
        world.trace.world_fault(
            kind.name, TIME, f"the server's TIME moved by {seconds:g} s", f"time jumps by {seconds:g} s"
        )
        world.jump(seconds)

    def _remove(self, kind: FaultKind, name: str) -> None:
        world = self._world
        world.trace.touch(reads=(THE_STORE,), writes=world.written_now(name))
        world.situation.removed(name)
        was_there = world.surroundings.store.remove(world.written.pop(name))
        world.vacuous = not was_there
        witness = "the server removed the key, which was there" if was_there else ""
        world.trace.world_fault(kind.name, name, witness, f"the key {name} is evicted")

    def _lose_store(self, kind: FaultKind) -> None:
        world = self._world
        world.trace.touch(writes=(THE_STORE,))
        witness = world.surroundings.store.lose(kind)
        world.situation.lost(kind)
        # What is left of the earlier writes cannot be lost again: it is what the server has started with.
        world.writes = 0
        world.has_lost_writes |= kind.loses > 0
        world.lose_connections()
        world.trace.world_fault(kind.name, THE_STORE, witness, _loss_in_words(kind))


def _loss_in_words(kind: FaultKind) -> str:
    comes_back = "a replica takes over" if kind.fails_over else "the server starts again"
    lost = {0: "no write is", 1: "the last write is"}.get(kind.loses, f"the last {kind.loses} writes are")
    return f"{comes_back}; {lost} lost"
