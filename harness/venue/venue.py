"""The venue in this process: synchronous, without threads; of time it reads the wall clock alone, for validity.

An effect happens here and is written to the book before anything is answered. Must never deduplicate: a filled
order's id is accepted again, as Binance does, and the book then shows two.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness import clock
from harness.venue.book import Book, canonical, payload_digest
from harness.venue.errors import ERROR_KINDS, EffectRejected, EffectTimeout, VenueError
from harness.venue.mischief import Mischief, MischiefKind, MischiefPlan
from verify.history.events import Landed

if TYPE_CHECKING:
    from collections.abc import Callable

Receipt = dict[str, Any]
"""What a done effect answers: ``receipt_id``, ``key``, ``order_id`` and ``status`` (FILLED, or NEW while open)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectRequest:
    """One effect that is asked of the venue.

    Attributes:
        key: The business key; the book numbers effects per key.
        payload: Any JSON value; the book keeps its digest.
        effect_type: For example ``order``, ``ledger`` or ``pnl``.
        process: Who asks.
        order_id: The client order id, None for effects that have none.
        fence: The fencing number of the asker's claim, None without.
        valid_until_ms: Unix milliseconds after which the venue refuses the request (-1021); None means never. The
            one fence that an exchange offers to a caller whose lease may end while the request is under way.
    """

    key: str
    payload: Any
    effect_type: str = "order"
    process: str = "p1"
    order_id: str | None = None
    fence: int | None = None
    valid_until_ms: int | None = None


class Venue:
    """The outside world of one run or schedule.

    Attributes:
        book: What landed.
        request_life_s: How long after it was sent a request may still land (Binance's recvWindow); None: for ever.
    """

    def __init__(
        self,
        book: Book | None = None,
        *,
        open_orders: bool = False,
        request_life_s: float | None = None,
        now_ns: Callable[[], int] | None = None,
        pause_s: Callable[[float], None] | None = None,
    ) -> None:
        """Open the venue.

        Args:
            book: Where effects are written; None means a fresh one in memory.
            open_orders: Whether orders stay open until :meth:`fill`, and an open order's id is refused (-2010).
            request_life_s: See the attribute; needs *now_ns*.
            now_ns: The clock that dates lines and ages requests; None leaves lines undated.
            pause_s: How a slow request passes its time; None: slow requests cannot be planned here.

        Raises:
            ValueError: A life without a clock.
        """
        if request_life_s is not None and now_ns is None:
            raise ValueError("request_life_s needs now_ns: without a clock no request grows old")
        self.book = book if book is not None else Book()
        self.request_life_s = request_life_s
        self._plan = MischiefPlan()
        self._open: set[str] | None = set() if open_orders else None
        self._now_ns = now_ns
        self._pause_s = pause_s
        self._late: dict[int, tuple[EffectRequest, int]] = {}
        self._tickets = 0

    def perform(self, request: EffectRequest, mischief: Mischief | None = None) -> Receipt:
        """Do the effect and return its receipt.

        Args:
            request: What to do.
            mischief: What happens to this request, which the plan then neither meets nor counts; None means what
                :meth:`plan` planned.

        Raises:
            EffectTimeout: No reply; whether it is done is for the book to say.
            EffectRejected: Certainly not done.
            VenueError: The venue answered an error.
            ValueError: A slow request, and the venue was given no pause.
        """
        chosen = mischief if mischief is not None else self.next_mischief(request.key)
        if chosen is not None and chosen.kind is MischiefKind.SLOW:
            if self._pause_s is None:
                raise ValueError("a slow request needs a venue made with pause_s")
            self._pause_s(chosen.seconds)
        return self.act(request, chosen)

    def plan(self, mischief: Mischief, *, key: str | None = None, nth: int | None = None) -> None:
        """Plan *mischief* for the *nth* request of *key*, counted from 1; without both, for the next request.

        Raises:
            ValueError: Only one of *key* and *nth* was given, *nth* is below 1, or that request has passed.
        """
        self._plan.add(mischief, key=key, nth=nth)

    def behave(self) -> None:
        """Forget the mischief that was planned and has not happened."""
        self._plan.clear()

    def mischief_met(self) -> int:
        """Return how many requests have met mischief so far."""
        return self._plan.met

    def next_mischief(self, key: str) -> Mischief | None:
        """Count one request of *key* and return what was planned for it, None if nothing was."""
        return self._plan.take(key)

    def act(self, request: EffectRequest, mischief: Mischief | None) -> Receipt:
        """Do what *mischief* makes of *request* now; its delay, if any, has passed. Raises as :meth:`perform`."""
        if mischief is None or mischief.kind is MischiefKind.SLOW:
            return self._land(request)
        if mischief.kind is MischiefKind.REJECT:
            raise ERROR_KINDS[mischief.error].rejection()
        if mischief.kind is MischiefKind.LATE:
            self._tickets += 1
            self._late[self._tickets] = (request, self._now_ns() if self._now_ns is not None else 0)
        if mischief.kind is MischiefKind.LOSE_REPLY or mischief.done:
            # A refusal (the id is open already) is not heard either.
            with contextlib.suppress(VenueError, EffectRejected):
                self._land(request)
        if mischief.kind is MischiefKind.ANSWER_ERROR:
            raise ERROR_KINDS[mischief.error].error()
        raise EffectTimeout(f"no reply to the effect of {request.key!r}; it may be done, or be done later")

    def late_tickets(self) -> tuple[int, ...]:
        """Return the tickets of the requests that were delayed and neither landed nor dropped, oldest first."""
        return tuple(self._late)

    def release_late(self, ticket: int | None = None) -> Landed | None:
        """Let a delayed request arrive; return its line, or None if it did not land.

        It does not land when its life or its validity is over, or when its order id is open by now.

        Args:
            ticket: Which one; None means the oldest.

        Raises:
            KeyError: There is no such request, or none at all.
        """
        if ticket is None:
            ticket = next(iter(self._late), 0)
        request, sent_ns = self._late.pop(ticket)
        if self.request_life_s is not None and self._now_ns is not None:
            age_s = (self._now_ns() - sent_ns) / 1e9
            if age_s > self.request_life_s:
                return None
        if self._open is not None and request.order_id in self._open:
            return None
        try:
            self._land(request)
        except EffectRejected:
            return None
        return self.book.lines_of(request.key)[-1]

    def ask(self, *, key: str | None = None, order_id: str | None = None) -> list[Landed]:
        """Return what landed for *key* or under client *order_id*, oldest first; both given: both must match.

        An empty answer is proof of absence only after the life of every request that may still be on its way.

        Raises:
            ValueError: Neither was given.
        """
        if key is None and order_id is None:
            raise ValueError("ask the venue by key or by order_id")
        lines = self.book.lines_from(0) if key is None else self.book.lines_of(key)
        return [landed for landed in lines if order_id is None or landed.order_id == order_id]

    def look_up(self, key: str) -> dict[str, Any]:
        """Return what the venue knows of *key*: ``found``, and ``receipt`` and ``payload`` of the first that landed.

        Not found is proof of absence only after the life of every request that may still be on its way.
        """
        landed = self.ask(key=key)
        receipt = json.loads(landed[0].receipt or "null") if landed else None
        return {"found": bool(landed), "receipt": receipt, "payload": self.book.payload_of(key)}

    def take(self, position: int = 0) -> list[Landed]:
        """Return what landed since the book had *position* lines."""
        return self.book.lines_from(position)

    def fill(self, order_id: str) -> None:
        """Fill the open order *order_id*: its id is accepted again. Without such an order nothing happens."""
        if self._open is not None:
            self._open.discard(order_id)

    def _land(self, request: EffectRequest) -> Receipt:
        if request.valid_until_ms is not None and clock.wall_ms() > request.valid_until_ms:
            raise ERROR_KINDS["stale_timestamp"].rejection()
        if self._open is not None and request.order_id in self._open:
            raise ERROR_KINDS["duplicate_order"].error()
        opens = self._open is not None and request.order_id is not None
        n = self.book.next_number(request.key)
        receipt: Receipt = {
            "receipt_id": f"{request.key}/{n}",
            "key": request.key,
            "order_id": request.order_id,
            "status": "NEW" if opens else "FILLED",
        }
        self.book.append(
            Landed(
                key=request.key,
                n=n,
                payload=payload_digest(request.payload),
                effect_type=request.effect_type,
                process=request.process,
                order_id=request.order_id,
                fence=request.fence,
                receipt=canonical(receipt),
                at_ns=self._now_ns() if self._now_ns is not None else None,
            ),
            request.payload,
        )
        if self._open is not None and request.order_id is not None:
            self._open.add(request.order_id)
        return receipt
