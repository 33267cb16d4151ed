"""Schedules side by side: none that waits for something keeps the others waiting."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Any, cast

import greenlet
import pytest

from harness.explorer.cohort import run_together
from harness.explorer.world.ends import Pause

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness.explorer.world.world import World


_MANY = 200_000
"""Turns that take longer than it takes to be asked."""


class _Stand(greenlet.greenlet):
    """Stands for a world: it does *body*, which may come back to whoever runs it."""

    def __init__(self, body: Callable[[_Stand], None], awaited: int = -1) -> None:
        super().__init__(lambda: body(self))
        self.awaited = awaited
        self.hub = greenlet.getcurrent()

    def abandon(self) -> None:
        """Nobody breaks a test off."""


def _play(jump: Callable[[], None], *stands: _Stand) -> None:
    coming: Any = iter(stands)
    ended = run_together(lambda: cast("World | None", next(coming, None)), jump, size=len(stands))
    assert len(list(ended)) == len(stands)


@pytest.fixture(name="pipe")
def _pipe() -> Iterator[tuple[int, int]]:
    """Yield two ends of a pipe, to be read and to be written."""
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def test_a_schedule_whose_program_works_lets_the_others_go_on(pipe: tuple[int, int]) -> None:
    """It is asked again when there is something to read of its program, here sent by the schedule beside it."""
    ours, theirs = pipe
    said: list[str] = []

    def waits(stand: _Stand) -> None:
        stand.hub.switch(Pause.PROGRAM)
        said.append(os.read(ours, 9).decode())

    def sends(_: _Stand) -> None:
        said.append("sent")
        os.write(theirs, b"heard")

    _play(lambda: None, _Stand(waits, ours), _Stand(sends))
    assert said == ["sent", "heard"]


def test_time_does_not_jump_while_a_program_works(pipe: tuple[int, int]) -> None:
    """A jump is for everybody: it waits until nobody is in the middle of anything."""
    ours, theirs = pipe
    os.write(theirs, b".")
    order: list[str] = []

    def works(stand: _Stand) -> None:
        for _ in range(3):
            stand.hub.switch(Pause.PROGRAM)
        order.append("worked")
        stand.hub.switch(Pause.JUMP)

    def waits(stand: _Stand) -> None:
        stand.hub.switch(Pause.JUMP)
        order.append("went on")

    _play(lambda: order.append("jump"), _Stand(works, ours), _Stand(waits))
    assert order == ["worked", "jump", "went on"]


def test_who_hears_nothing_is_asked_all_the_same(pipe: tuple[int, int]) -> None:
    """A program that never says anything has its turn, to be given up, while the one beside it goes on speaking."""
    ours, theirs = pipe
    os.write(theirs, b".")
    order: list[str] = []

    def gives_up(stand: _Stand) -> None:
        for _ in range(3):
            stand.hub.switch(Pause.PROGRAM)
        order.append("given up")

    def speaks(stand: _Stand) -> None:
        for _ in range(_MANY):
            if not order:
                stand.hub.switch(Pause.PROGRAM)
        order.append("fell silent")

    with socket.socket() as silent, socket.create_server(("127.0.0.1", 0)) as nobody:
        silent.connect(nobody.getsockname())
        _play(lambda: None, _Stand(gives_up, silent.fileno()), _Stand(speaks, ours))
    assert order == ["given up", "fell silent"]
