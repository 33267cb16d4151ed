"""An event loop in the time of the exploration: it says when it has nothing to do, and its timers wait to be told."""

from __future__ import annotations

import asyncio
import inspect
import selectors
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .clocks import Clocks
    from .lines import Lines

_FARTHEST_TIMER_S = 60.0
"""A timer further away than this is no time limit of a request."""


class _Watching(selectors.DefaultSelector):
    """A selector that says when it is about to wait."""

    loop: GatedLoop

    def select(self, timeout: float | None = None) -> Any:
        """Return what is ready; where nothing is, say so and wait as long as it takes."""
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        self.loop.tell_idle(timeout)
        return super().select(None)


class GatedLoop(asyncio.SelectorEventLoop):
    """Runs a guard's coroutines."""

    def __init__(self, lines: Lines, clocks: Clocks) -> None:
        """Hear what the harness says over *lines* while nothing runs."""
        selector = _Watching()
        selector.loop = self
        self._lines = lines
        self._clocks = clocks
        self._ahead_s = 0.0
        self._start_s = clocks.now_ns() / 1e9
        super().__init__(selector)
        self.add_reader(lines.incoming, self._told)
        clocks.on_time_moved = self._look_again

    def time(self) -> float:
        """Return the loop's clock, which jumps and stands still between jumps."""
        return self._start_s + self._clocks.moved_ns() / 1e9 + self._ahead_s

    def tell_idle(self, timeout: float | None) -> None:
        """Say that nothing can be done before something comes, or a timer ends in *timeout* seconds."""
        if self._clocks.in_call is not None:
            self._lines.say("idle", id=self._clocks.in_call, seconds=timeout)

    def run(self, result: Any) -> Any:
        """Await *result* and return what it gives."""
        asyncio.set_event_loop(self)

        async def wait() -> Any:
            return await result

        return self.run_until_complete(wait())

    # Within.

    def _look_again(self) -> None:
        self.call_soon_threadsafe(lambda: None)

    def _told(self) -> None:
        """Go on to the next timer, or the next wait of a thread: a sleep is over, or a time limit is reached."""
        message = self._lines.hear()
        timers = [handle.when() for handle in self._scheduled if not handle.cancelled()]  # type: ignore[attr-defined]
        left_s = min(timers, default=float("inf")) - self.time()
        is_limit = message["do"] == "limit"
        if not is_limit and self._clocks.waits.next_s() < left_s:
            self._clocks.waits.end_next()
            return
        if is_limit:
            self._lines.say("limit", raised=left_s <= _FARTHEST_TIMER_S)
        if timers and (not is_limit or left_s <= _FARTHEST_TIMER_S):
            self._ahead_s += max(left_s, 0.0) + 0.001


class Receipt(dict):  # type: ignore[type-arg]  # Python 3.8 cannot subscript it
    """What came of an effect or a probe, for coroutines: it may be awaited, and need not be."""

    def __await__(self) -> Any:
        """Return a plain dict at once."""
        return dict(self)
        yield


def awaitable_in_coroutines(answer: dict[str, Any]) -> dict[str, Any]:
    """Return *answer* itself where no event loop runs, and otherwise what may be awaited too."""
    return answer if asyncio._get_running_loop() is None else Receipt(answer)  # noqa: SLF001 - asks and does not raise


def is_awaitable(result: Any) -> bool:
    """Say whether *result* must be awaited."""
    return inspect.isawaitable(result) and not isinstance(result, Receipt)
