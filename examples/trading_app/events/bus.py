"""Carries events from who tells to who listens. Who tells never waits, and never sees the failure of a listener."""

from __future__ import annotations

import logging
import queue
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_WAITING = 1_000
logger = logging.getLogger("events")


class Bus:
    """A queue with a thread that hands its events on, one after the other. Safe for threads.

    Attributes:
        dropped: Events that found the queue full, or the bus closed.
        failures: Calls of listeners that raised.
    """

    def __init__(self, *, most_waiting: int = _MOST_WAITING) -> None:
        """Make a bus without listeners; at most so many events wait for them."""
        self.dropped = 0
        self.failures = 0
        self._listeners: list[tuple[type[Any], Callable[[Any], object]]] = []
        self._waiting: queue.Queue[object | None] = queue.Queue(most_waiting)
        self._lock = threading.Lock()
        self._is_closed = False
        self._hand = threading.Thread(target=self._hand_on, name="events", daemon=True)
        self._hand.start()

    def listen(self, kind: type[Any], listener: Callable[[Any], object]) -> None:
        """Have a listener called with every event of a kind that is told from now on."""
        self._listeners.append((kind, listener))

    def tell(self, event: object) -> None:
        """Let an event go, at once."""
        with self._lock:
            if self._is_closed:
                self.dropped += 1
                return
            try:
                self._waiting.put_nowait(event)
            except queue.Full:
                self.dropped += 1

    def close(self) -> None:
        """Hand on what waits, and what listeners tell meanwhile, and end."""
        self._waiting.join()
        with self._lock:
            self._is_closed = True
        self._waiting.put(None)
        self._hand.join()

    def _hand_on(self) -> None:
        while (event := self._waiting.get()) is not None:
            for kind, listener in list(self._listeners):
                if isinstance(event, kind):
                    self._call(listener, event)
            self._waiting.task_done()

    def _call(self, listener: Callable[[Any], object], event: object) -> None:
        try:
            listener(event)
        except Exception:
            self.failures += 1
            logger.exception("a listener failed at %s", type(event).__name__)
