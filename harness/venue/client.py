"""The ways into a venue process: ``VenueClient`` for workers, ``VenueControl`` for the harness.

Each call opens a connection of its own, so a client may be copied into threads and forked processes. No call is
ever repeated here.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

from harness.venue.errors import EffectTimeout, VenueUnavailableError
from harness.venue.venue import EffectRequest, Receipt
from harness.venue.wire import NoReplyError, exchange, request_to
from verify.history.events import Landed, from_object

if TYPE_CHECKING:
    from os import PathLike

    from harness.venue.mischief import Mischief

DEFAULT_TIMEOUT_S = 5.0


class VenueClient:
    """A worker's way to the venue at unix socket *path*; replies are awaited for *timeout_s* seconds."""

    def __init__(self, path: str | PathLike[str], *, timeout_s: float = DEFAULT_TIMEOUT_S) -> None:
        """Keep the address; nothing is opened."""
        self.path = str(path)
        self.timeout_s = timeout_s

    def effect(
        self,
        key: str,
        payload: Any,
        effect_type: str = "order",
        process: str = "p1",
        *,
        order_id: str | None = None,
        fence: int | None = None,
        valid_until_ms: int | None = None,
    ) -> Receipt:
        """Ask for one effect; the fields and errors are those of :class:`EffectRequest` and :meth:`perform`."""
        request = EffectRequest(
            key=key,
            payload=payload,
            effect_type=effect_type,
            process=process,
            order_id=order_id,
            fence=fence,
            valid_until_ms=valid_until_ms,
        )
        return self.perform(request)

    def perform(self, request: EffectRequest) -> Receipt:
        """Ask for one effect and return its receipt.

        Raises:
            ConnectionRefusedError: Nobody listens: certainly not done.
            EffectTimeout: No reply in time, or the connection closed: it may be done, or be done later.
            EffectRejected: The venue refused.
            VenueError: The venue answered an error.
        """
        try:
            return cast("Receipt", exchange(self.path, request_to(request), self.timeout_s))
        except NoReplyError as error:
            raise EffectTimeout(f"the effect of {request.key!r}: {error}") from error

    def ask(self, *, key: str | None = None, order_id: str | None = None) -> list[Landed]:
        """Return what landed for *key* or under client *order_id*, oldest first.

        Raises:
            ValueError: Neither was given.
            EffectTimeout: No reply.
            ConnectionRefusedError: Nobody listens.
        """
        return self._lines({"do": "ask", "key": key, "order_id": order_id})

    def look_up(self, key: str) -> dict[str, Any]:
        """Return what the venue knows of *key*: ``found``, and ``receipt`` and ``payload`` of the first that landed.

        Raises:
            EffectTimeout: No reply.
            ConnectionRefusedError: Nobody listens.
        """
        return cast("dict[str, Any]", self._call({"do": "look_up", "key": key}))

    def _lines(self, message: dict[str, Any]) -> list[Landed]:
        return [cast("Landed", from_object(line)) for line in self._call(message)]

    def _call(self, message: dict[str, Any]) -> Any:
        try:
            return exchange(self.path, message, self.timeout_s)
        except NoReplyError as error:
            raise EffectTimeout(f"asked the venue to {message['do']}: {error}") from error


class VenueControl(VenueClient):
    """The harness's way to the venue: plans mischief, holds replies, waits for effects, reads the book."""

    def plan(self, mischief: Mischief, *, key: str | None = None, nth: int | None = None) -> None:
        """Plan *mischief* for the *nth* request of *key*, counted from 1; without both, for the next request.

        Raises:
            ValueError: Only one of *key* and *nth* was given, *nth* is below 1, or that request has passed.
        """
        self._call({"do": "plan", "mischief": asdict(mischief), "key": key, "nth": nth})

    def behave(self) -> None:
        """Forget the mischief that was planned and has not happened."""
        self._call({"do": "behave"})

    def mischief_met(self) -> int:
        """Return how many requests have met mischief so far."""
        return int(self._call({"do": "mischief_met"}))

    def take(self, position: int = 0) -> list[Landed]:
        """Return what landed since the book had *position* lines."""
        return self._lines({"do": "take", "position": position})

    def hold(self, *, after: int = 0) -> int:
        """Keep back all replies to effects once *after* more have landed; the effects themselves go on landing.

        Returns:
            How many lines the book had: those beyond this number and *after* belong to effects whose replies wait.
        """
        return int(self._call({"do": "hold", "after": after}))

    def release(self) -> None:
        """Send the replies that were kept back, and keep back no more."""
        self._call({"do": "release"})

    def catch(self, prefix: str, *, timeout_s: float) -> Landed | None:
        """Keep back the reply to the next effect of a process whose name begins with *prefix*; return its line.

        Others are answered meanwhile; :meth:`let_go` sends the reply. None: nothing landed in *timeout_s* seconds.
        """
        try:
            line = exchange(self.path, {"do": "catch", "prefix": prefix}, timeout_s)
        except NoReplyError:
            return None
        return cast("Landed", from_object(line))

    def let_go(self) -> None:
        """Send the replies that :meth:`catch` has kept back, and wait for no more of them."""
        self._call({"do": "let_go"})

    def wait_landed(self, n: int, *, timeout_s: float = 10.0) -> int:
        """Return, as soon as at least *n* effects have landed in all, how many there are. The venue pushes this.

        Raises:
            VenueUnavailableError: Not within *timeout_s* seconds, or the venue died.
        """
        try:
            return int(exchange(self.path, {"do": "wait_landed", "n": n}, timeout_s))
        except NoReplyError as error:
            raise VenueUnavailableError(
                f"Waited {timeout_s:g} s for {n} effects to land: {error}. Look at the venue's book for what did."
            ) from error

    def late_tickets(self) -> tuple[int, ...]:
        """Return the tickets of the requests that were delayed and neither landed nor dropped, oldest first."""
        return tuple(self._call({"do": "late_tickets"}))

    def release_late(self, ticket: int | None = None) -> Landed | None:
        """Let a delayed request arrive; return its line, or None if its life is over or its order id is open.

        Args:
            ticket: Which one; None means the oldest.

        Raises:
            KeyError: There is no such request, or none at all.
        """
        line = self._call({"do": "release_late", "ticket": ticket})
        return None if line is None else cast("Landed", from_object(line))

    def fill(self, order_id: str) -> None:
        """Fill the open order *order_id*: its id is accepted again."""
        self._call({"do": "fill", "order_id": order_id})

    @property
    def request_life_s(self) -> float | None:
        """How long after it was sent a request may still land, in seconds; None: for ever."""
        return cast("float | None", self._call({"do": "request_life"}))
