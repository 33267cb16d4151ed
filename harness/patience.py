"""Looks at what the main thread is doing, even while it computes or blocks inside code that is not ours."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from harness.errors import WrongInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LOOK = signal.SIGRTMIN + 7
_IMPORT_S = 60
_A_SECOND = 1.0


@contextmanager
def looking_every(seconds: float, look: Callable[[], None]) -> Iterator[None]:
    """Call *look* in the main thread every so many seconds of real time, for the length of the block.

    What it raises comes up in whatever the main thread is doing. In another thread nothing is looked at.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    main = threading.get_ident()
    over = threading.Event()

    def remind() -> None:
        while not over.wait(seconds):
            signal.pthread_kill(main, _LOOK)

    before = signal.signal(_LOOK, lambda _number, _frame: look())
    reminder = threading.Thread(target=remind, name="stormproof-patience", daemon=True)
    reminder.start()
    try:
        yield
    finally:
        over.set()
        reminder.join()
        signal.signal(_LOOK, before)


@contextmanager
def while_importing(subject: str) -> Iterator[None]:
    """Raise :class:`WrongInputError` where the import of a subject takes more than a minute."""
    seconds = 0

    def look() -> None:
        nonlocal seconds
        seconds += 1
        if seconds >= _IMPORT_S:
            raise WrongInputError(f"subject {subject!r}: its import has taken more than {_IMPORT_S} s")

    with looking_every(_A_SECOND, look):
        yield
