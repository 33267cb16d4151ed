"""Ctrl-C and SIGTERM, heeded where it is safe to stop.

A KeyboardInterrupt raised at any bytecode may come up inside a finaliser and be swallowed there, or in the middle of
a clean-up. So the first signal is only noted, and the loops of the harness ask for it between two schedules, polls
and parts. A second signal, or a subject that does not come back for five seconds, raises at once.
"""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

PATIENCE_S = 5.0

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_noted: list[int] = []


@contextmanager
def heeding_signals() -> Iterator[None]:
    """Note SIGINT and SIGTERM for the length of the block instead of being torn down by them."""
    before = {number: signal.signal(number, _note) for number in _SIGNALS}
    before[signal.SIGALRM] = signal.signal(signal.SIGALRM, _lose_patience)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)
        _noted.clear()


def stop_if_asked() -> None:
    """Raise KeyboardInterrupt if the user asked to stop. Called where stopping is safe."""
    if _noted:
        signal.setitimer(signal.ITIMER_REAL, 0)
        raise KeyboardInterrupt


def _note(number: int, _frame: FrameType | None) -> None:
    _noted.append(number)
    if len(_noted) > 1:
        raise KeyboardInterrupt
    signal.setitimer(signal.ITIMER_REAL, PATIENCE_S)


def _lose_patience(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
