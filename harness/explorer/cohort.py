"""Schedules run side by side, so that one jump of the server's clock serves them all.

A jump costs about a millisecond, because the server's cached clock has to follow; a schedule costs less. Every
schedule has its own key, and all of them wait at their jumps together, so none sees time move at a point of its
life where it would not have moved had it run alone. A schedule that waits for a server of its own, or for a program
that works, lets the others go on.
"""

from __future__ import annotations

import select
from typing import TYPE_CHECKING

from harness.explorer.world.world import Pause
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
    try:
        while True:
            stop_if_asked()
            while len(flying) < size and (world := next_world()) is not None:
                yield from _go_on(world, flying)
            if not flying:
                return
            waiting = [world for world, pause in flying.items() if pause is not Pause.JUMP]
            for world in waiting:
                yield from _go_on(world, flying)
            if not waiting:
                jump()
                for world in list(flying):
                    yield from _go_on(world, flying)
            elif all(flying.get(world, Pause.JUMP) is not Pause.JUMP for world in waiting):
                _wait(flying)
    finally:
        for world in flying:
            world.abandon()


def run_until_asked(world: World, jump: Callable[[], None], *order: object) -> bool:
    """Let one world follow an order until it asks for the next one; say whether it asks, and has not ended."""
    pause = world.switch(*order)
    while not world.dead:
        stop_if_asked()
        if pause is Pause.ORDER:
            return True
        if pause is Pause.JUMP:
            jump()
        else:
            _wait({world: pause})
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


def _wait(flying: Mapping[World, Pause]) -> None:
    """Wait until one of the programs has done something, or for a moment where a server comes up."""
    poller = select.poll()
    for world, pause in flying.items():
        if pause is Pause.PROGRAM:
            poller.register(world.awaited, select.POLLIN)
    poller.poll(_A_MOMENT_S * 1000 if Pause.SERVER in flying.values() else _TICK_MS)


def run_alone(world: World, jump: Callable[[], None]) -> None:
    """Run one world to its end."""
    worlds = [world]
    for _ in run_together(lambda: worlds.pop() if worlds else None, jump, size=1):
        pass
