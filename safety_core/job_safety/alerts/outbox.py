"""The outbox of one webhook: every alert that is put in is delivered, or reported undelivered with the reason.

`put` never waits for the network: a thread of the outbox's own delivers. With a folder, an alert that was put in
outlives the process: the next outbox on that folder takes it over.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import logging
import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from safety_core.idempotency.errors import SettingsError

from .pending import NO_SHELF, PendingFolder, Shelf
from .webhook import Attempt, Webhook, post

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .event import AlertEvent

logger = logging.getLogger("safety_core.alerts")


@final
@dataclass(frozen=True, slots=True)
class Undelivered:
    """An alert that could not be delivered.

    Attributes:
        event: The alert.
        attempts: How often it was tried.
        reason: Why it was given up.
    """

    event: AlertEvent
    attempts: int
    reason: str


class Outbox:
    """Delivers alerts to one webhook, in order. Safe for threads; a forked child needs one of its own.

    With a folder, `put` waits for one fsync; without, for nothing.

    Attributes:
        delivered: How many alerts the server took.
        undelivered: How many were reported undelivered.
    """

    def __init__(
        self,
        webhook: Webhook,
        *,
        folder: Path | None = None,
        max_pending: int = 1000,
        on_undelivered: Callable[[Undelivered], object] | None = None,
    ) -> None:
        """Start the thread that delivers.

        Args:
            webhook: Where to.
            folder: Where alerts are kept until they are delivered. None keeps them in memory: they die with the
                process. A folder serves one outbox at a time.
            max_pending: More than that waiting are reported undelivered at once, 1 or more.
            on_undelivered: Called with each alert that was given up, besides the log line.

        Raises:
            SettingsError: `max_pending` is out of range, httpx is not installed, or another outbox has the folder.
        """
        if type(max_pending) is not int or max_pending < 1:
            raise SettingsError(f"max_pending is {max_pending!r}; expected a whole number, 1 or more")
        try:
            import httpx  # noqa: PLC0415 - it may be missing as long as nobody wants webhooks
        except ImportError:
            raise SettingsError("webhooks need httpx; install the extra `alerts`") from None
        self._client_kind = httpx.AsyncClient
        self._webhook = webhook
        self._max_pending = max_pending
        self._on_undelivered = on_undelivered
        self._shelf: Shelf = PendingFolder(folder) if folder is not None else NO_SHELF
        self._queue: deque[AlertEvent] = deque(self._shelf.leftovers())
        self._unfinished = len(self._queue)
        self._changed = threading.Condition()
        self._closing = False
        self._hurry = asyncio.Event()
        self._hurried = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self.delivered = 0
        self.undelivered = 0
        self._thread = threading.Thread(target=self._run, name="alert outbox", daemon=True)
        self._thread.start()
        atexit.register(self.close, webhook.timeout_s)

    def put(self, event: AlertEvent) -> None:
        """Take an alert over; it is delivered, or reported undelivered."""
        with self._changed:
            refusal = "the outbox is closed" if self._closing else ""
            if self._unfinished >= self._max_pending:
                refusal = f"{self._unfinished} alerts are waiting already"
            if not refusal:
                self._unfinished += 1
        if refusal:
            self._give_up(Undelivered(event, 0, refusal))
            return
        self._shelf.keep(event)
        with self._changed:
            self._queue.append(event)
            self._changed.notify_all()

    def flush(self, timeout_s: float) -> bool:
        """Wait until every alert is delivered or reported; return whether that came true in time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._unfinished == 0, timeout_s)

    def close(self, timeout_s: float = 5.0) -> None:
        """Give what waits some seconds, then report the rest undelivered. May be called twice."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self.flush(timeout_s)
        # The thread reads the flag after it has set its loop: one of the two reaches it.
        self._hurried = True
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # it ended by itself
                loop.call_soon_threadsafe(self._hurry.set)
        self._thread.join(timeout_s + self._webhook.timeout_s)
        self._shelf.close()
        atexit.unregister(self.close)

    def _run(self) -> None:
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            if self._hurried:
                self._hurry.set()
            client = self._client_kind(timeout=self._webhook.timeout_s, follow_redirects=False)
            while (event := self._next()) is not None:
                runner.run(self._deliver(client, event))
                with self._changed:
                    self._unfinished -= 1
                    self._changed.notify_all()
            runner.run(client.aclose())
            self._loop = None

    def _next(self) -> AlertEvent | None:
        with self._changed:
            self._changed.wait_for(lambda: self._queue or (self._closing and not self._unfinished))
            return self._queue.popleft() if self._queue else None

    async def _deliver(self, client: Any, event: AlertEvent) -> None:
        said = "the outbox was closed first"
        tried = 0
        while not self._hurry.is_set() and tried < self._webhook.attempts:
            tried += 1
            attempt = await self._attempt(client, event)
            if attempt is None:
                break
            if attempt.delivered:
                self.delivered += 1
                self._shelf.forget(event)
                return
            said = attempt.said
            if not attempt.may_retry:
                break
            if tried < self._webhook.attempts:
                await _either(self._hurry, self._webhook.pause_s(tried))
        self._give_up(Undelivered(event, tried, said))

    async def _attempt(self, client: Any, event: AlertEvent) -> Attempt | None:
        """Try once; return None where the outbox is closed meanwhile."""
        posting = asyncio.ensure_future(post(client, self._webhook, event))
        hurrying = asyncio.ensure_future(self._hurry.wait())
        await asyncio.wait({posting, hurrying}, return_when=asyncio.FIRST_COMPLETED)
        hurrying.cancel()
        if posting.done():
            return posting.result()
        posting.cancel()
        return None

    def _give_up(self, report: Undelivered) -> None:
        self.undelivered += 1
        self._shelf.set_aside(report.event)
        event = report.event
        logger.error(
            "alert %s of %s is undelivered after %d attempts: %s",
            event.kind,
            event.source,
            report.attempts,
            report.reason,
            extra={"alert_event_id": event.event_id, "alert_kind": event.kind, "alert_attempts": report.attempts},
        )
        if self._on_undelivered is not None:
            try:
                self._on_undelivered(report)
            except Exception:
                logger.exception("on_undelivered failed for alert %s", event.event_id)


async def _either(hurry: asyncio.Event, pause_s: float) -> None:
    """Wait for a while, or until the outbox is to hurry."""
    try:
        async with asyncio.timeout(pause_s):
            await hurry.wait()
    except TimeoutError:
        return
