"""Schedules run side by side, so that one jump of the server's clock serves them all.

A jump costs about a millisecond, because the server's cached clock has to follow; a schedule costs less. Every
schedule has its own key, and all of them wait at their jumps together, so none sees time move at a point of its
life where it would not have moved had it run alone. A schedule that waits for a server of its own, or for a program
that works, lets the others go on.
"""

from __future__ import annotations

import select
from typing import TYPE_CHECKING

from harness import clock
from harness.explorer.world.ends import Pause
from harness.interruption import stop_if_asked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from harness.explorer.world.world import World

_A_MOMENT_S = 0.000_5
_TICK_MS = 10


def run_together(next_world: Callable[[], World | None], jump: Callable[[], None], size: int) -> Iterator[World]:
    """Run worlds to their end, at most *size* at a time; yield each as it ends.

    Args:
        next_world: Gives the next world to start; None when there is none now. It is asked again whenever one ended.
        jump: Moves time for everybody.
        size: Worlds in flight at most.
    """
    flying: dict[World, Pause] = {}
    turns = _Turns()
    try:
        while True:
            stop_if_asked()
            while len(flying) < size and (world := next_world()) is not None:
                yield from _go_on(world, flying)
            if not flying:
                return
            ready = turns.next(flying)
            if not ready:
                jump()
                ready = list(flying)
            for world in ready:
                yield from _go_on(world, flying)
    finally:
        for world in flying:
            world.abandon()


def run_until_asked(world: World, jump: Callable[[], None], *order: object) -> bool:
    """Let one world follow an order until it asks for the next one; say whether it asks, and has not ended."""
    pause = world.switch(*order)
    turns = _Turns()
    while not world.dead:
        stop_if_asked()
        if pause is Pause.ORDER:
            return True
        if pause is Pause.JUMP:
            jump()
        else:
            turns.next({world: pause})
        pause = world.switch()
    return False


def _go_on(world: World, flying: dict[World, Pause]) -> Iterator[World]:
    """Let *world* run to its next pause, or yield it where it has ended."""
    flying[world] = Pause.JUMP
    pause = world.switch()
    if world.dead:
        del flying[world]
        yield world
    else:
        flying[world] = pause


class _Turns:
    """Who goes on next, of those that wait for something else than a jump."""

    def __init__(self) -> None:
        self._everybody_ns = 0

    def next(self, flying: Mapping[World, Pause]) -> list[World]:
        """Wait until a program has done something, or for a moment; return who is to look; nobody if all are to jump.

        It is everybody, each to see whether it has waited for long enough, where no program has done anything, and
        where the last time is a while ago.
        """
        waiting = [world for world, pause in flying.items() if pause is not Pause.JUMP]
        if not waiting:
            return waiting
        poller = select.poll()
        for world in waiting:
            if flying[world] is Pause.PROGRAM:
                poller.register(world.awaited, select.POLLIN)
        has_server = Pause.SERVER in flying.values()
        heard = {descriptor for descriptor, _ in poller.poll(_A_MOMENT_S * 1000 if has_server else _TICK_MS)}
        now_ns = clock.elapsed_ns()
        if not heard or now_ns - self._everybody_ns > _TICK_MS * 1_000_000:
            self._everybody_ns = now_ns
            return waiting
        return [world for world in waiting if flying[world] is not Pause.PROGRAM or world.awaited in heard]


def run_alone(world: World, jump: Callable[[], None]) -> None:
    """Run one world to its end."""
    worlds = [world]
    for _ in run_together(lambda: worlds.pop() if worlds else None, jump, size=1):
        pass
