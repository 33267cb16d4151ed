"""What every form of the venue must do, as one function that anyone can call on a venue of their own.

It looks only at what a worker and the harness can see, never inside. It decides by AssertionError.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from harness import clock
from harness.venue import mischief as bad
from harness.venue.book import payload_digest
from harness.venue.errors import ERROR_KINDS, EffectRejected, EffectTimeout, VenueError
from harness.venue.venue import EffectRequest, Receipt
from verify.history.events import changed

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from harness.venue.mischief import Mischief
    from verify.history.events import Landed

_SLOW_S = 0.02


class VenueForm(Protocol):
    """The surface that all forms share; ``Venue`` documents it."""

    @property
    def request_life_s(self) -> float | None:
        """How long after it was sent a request may still land."""

    def perform(self, request: EffectRequest) -> Receipt:
        """Do one effect."""

    def ask(self, *, key: str | None = None, order_id: str | None = None) -> list[Landed]:
        """Return what landed for a key or an order id."""

    def look_up(self, key: str) -> dict[str, Any]:
        """Return what is known of a key."""

    def take(self, position: int = 0) -> list[Landed]:
        """Return what landed since a position."""

    def plan(self, mischief: Mischief, *, key: str | None = None, nth: int | None = None) -> None:
        """Plan a misbehaviour."""

    def behave(self) -> None:
        """Forget what was planned."""

    def mischief_met(self) -> int:
        """Return how many requests have met mischief."""

    def late_tickets(self) -> tuple[int, ...]:
        """Return the delayed requests."""

    def release_late(self, ticket: int | None = None) -> Landed | None:
        """Let a delayed request arrive."""

    def fill(self, order_id: str) -> None:
        """Fill an open order."""


class MakeVenue(Protocol):
    """Makes a fresh venue, with an empty book, for one claim."""

    def __call__(
        self, *, open_orders: bool = False, request_life_s: float | None = None
    ) -> AbstractContextManager[VenueForm]:
        """Return the venue as a context manager."""


def check_venue(make_venue: MakeVenue) -> list[Landed]:
    """Check every claim on fresh venues of *make_venue*.

    Returns:
        All books in the order of the claims, undated: two conforming forms return equal lists.

    Raises:
        AssertionError: A claim does not hold; the message names it, what was expected and what was seen.
    """
    written: list[Landed] = []
    for claim, open_orders, request_life_s in _CLAIMS:
        with make_venue(open_orders=open_orders, request_life_s=request_life_s) as venue:
            _expect(f"{claim.__name__}: a fresh book", [], venue.take())
            claim(venue)
            written += [changed(landed, at_ns=None) for landed in venue.take()]
    return written


def _numbers_per_key(venue: VenueForm) -> None:
    receipts = [venue.perform(_request(key)) for key in ("a", "b", "a")]
    _expect("receipts are numbered per key", ["a/1", "b/1", "a/2"], [receipt["receipt_id"] for receipt in receipts])
    _expect("the book is", [("a", 1), ("b", 1), ("a", 2)], [(line.key, line.n) for line in venue.take()])
    _expect("a reader takes what is new", [("a", 2)], [(line.key, line.n) for line in venue.take(2)])


def _book_keeps_the_request(venue: VenueForm) -> None:
    request = EffectRequest(
        key="k\u00e9 1", payload={"b": [1, 2.5, None], "a": "\u20ac"}, effect_type="ledger", process="w2", fence=7
    )
    receipt = venue.perform(request)
    _expect(
        "receipt", {"receipt_id": "k\u00e9 1/1", "key": "k\u00e9 1", "order_id": None, "status": "FILLED"}, receipt
    )
    line = venue.take()[0]
    _expect(
        "the book's line",
        ("k\u00e9 1", payload_digest(request.payload), "ledger", "w2", None, 7),
        (line.key, line.payload, line.effect_type, line.process, line.order_id, line.fence),
    )
    _expect(
        "the digest ignores the order of fields", payload_digest({"a": 1, "b": 2}), payload_digest({"b": 2, "a": 1})
    )


def _filled_id_is_accepted_again(venue: VenueForm) -> None:
    receipt = venue.perform(_request("a", order_id="o1"))
    venue.perform(_request("a", order_id="o1"))
    venue.perform(_request("a", order_id="o2"))
    _expect("a filled order's id lands twice", [1, 2], [line.n for line in venue.ask(order_id="o1")])
    _expect("asking by key", 3, len(venue.ask(key="a")))
    _expect("asking by both", [3], [line.n for line in venue.ask(key="a", order_id="o2")])
    _expect("asking for another key", [], venue.ask(key="b"))
    known = {"found": True, "receipt": receipt, "payload": _request("a").payload}
    _expect("looking up a key", known, venue.look_up("a"))
    _expect("looking up another key", {"found": False, "receipt": None, "payload": None}, venue.look_up("b"))
    _expect("asking for nothing", "ValueError", _outcome(venue.ask))


def _open_id_is_refused(venue: VenueForm) -> None:
    receipt = venue.perform(_request("a", order_id="o1"))
    _expect("an open order's status", "NEW", receipt["status"])
    _expect("its id again", ("VenueError", 400, -2010, None, None), _ask(venue, "a", order_id="o1"))
    venue.fill("o1")
    _expect("its id after the fill", "a/2", _ask(venue, "a", order_id="o1"))
    _expect("an effect without id", "a/3", _ask(venue, "a"))


def _lost_request_and_lost_reply(venue: VenueForm) -> None:
    venue.plan(bad.lose_request())
    venue.plan(bad.lose_reply())
    _expect("a lost request", ("EffectTimeout", False), _ask(venue, "a"))
    _expect("lands nothing", [], venue.take())
    _expect("a lost reply", ("EffectTimeout", False), _ask(venue, "a"))
    _expect("lands one", 1, len(venue.take()))
    _expect("then the venue behaves", "a/2", _ask(venue, "a"))


def _nth_request_of_a_key(venue: VenueForm) -> None:
    venue.plan(bad.reject(), key="a", nth=2)
    refused = ("EffectRejected", 400, -2010, True)
    _expect("the second of a", ["a/1", "b/1", refused, "b/2", "a/2"], [_ask(venue, key) for key in "ababa"])
    _expect("a plan for the past", "ValueError", _outcome(lambda: venue.plan(bad.reject(), key="a", nth=1)))


def _behaves_when_told(venue: VenueForm) -> None:
    for nth in (1, 2):
        venue.plan(bad.lose_request(), key="a", nth=nth)
    venue.plan(bad.lose_request())
    _expect("the first request meets what was planned", ("EffectTimeout", False), _ask(venue, "a"))
    _expect("one request met mischief", 1, venue.mischief_met())
    venue.behave()
    _expect("what was planned is forgotten", ["a/1", "b/1"], [_ask(venue, key) for key in ("a", "b")])
    _expect("and nobody met it", 1, venue.mischief_met())


def _late_request_lands_when_released(venue: VenueForm) -> None:
    venue.plan(bad.late())
    venue.plan(bad.late())
    _expect("the first is late", ("EffectTimeout", False), _ask(venue, "a", order_id="o1"))
    _expect("the second is late", ("EffectTimeout", False), _ask(venue, "a", order_id="o2"))
    _expect("nothing landed yet", [], venue.ask(key="a"))
    first, second = venue.late_tickets()
    venue.perform(_request("a", order_id="o3"))
    released = venue.release_late(second)
    _expect("the second arrives as number", 2, released.n if released is not None else None)
    _expect("one is left", (first,), venue.late_tickets())
    venue.release_late()
    _expect("the book's order", ["o3", "o2", "o1"], [line.order_id for line in venue.take()])
    _expect("none is left", "KeyError", _outcome(venue.release_late))


def _late_request_dies_with_its_life(venue: VenueForm) -> None:
    _expect("the life is told", 0.0, venue.request_life_s)
    venue.plan(bad.late())
    _ask(venue, "a")
    _expect("too late to land", None, venue.release_late())
    _expect("the book stays empty", [], venue.take())


def _slow_request_is_done_and_answered(venue: VenueForm) -> None:
    venue.plan(bad.slow(_SLOW_S))
    begun_ns = clock.elapsed_ns()
    _expect("a slow request", "a/1", _ask(venue, "a"))
    _expect("takes its time", True, clock.elapsed_ns() - begun_ns >= _SLOW_S * 1e9)


def _every_error_kind(venue: VenueForm) -> None:
    for name, kind in ERROR_KINDS.items():
        venue.plan(bad.answer_error(name))
        expected = ("VenueError", kind.status, kind.code, kind.definite, kind.retry_after_s)
        _expect(f"the answer {name}", expected, _ask(venue, name))
        if kind.definite:
            venue.plan(bad.reject(name))
            _expect(f"the refusal {name}", ("EffectRejected", kind.status, kind.code, True), _ask(venue, name))
    _expect("none of them landed", [], venue.take())
    venue.plan(bad.answer_error("execution_unknown", done=True))
    _expect("an unknown status", ("VenueError", 503, -1006, False, None), _ask(venue, "done"))
    _expect("may hide a done effect", ["done"], [line.key for line in venue.take()])


_Claim = tuple["Callable[[VenueForm], None]", bool, "float | None"]
_CLAIMS: tuple[_Claim, ...] = (
    (_numbers_per_key, False, None),
    (_book_keeps_the_request, False, None),
    (_filled_id_is_accepted_again, False, None),
    (_open_id_is_refused, True, None),
    (_lost_request_and_lost_reply, False, None),
    (_nth_request_of_a_key, False, None),
    (_behaves_when_told, False, None),
    (_late_request_lands_when_released, False, None),
    (_late_request_dies_with_its_life, False, 0.0),
    (_slow_request_is_done_and_answered, False, None),
    (_every_error_kind, False, None),
)
"""Each claim, whether its venue keeps orders open, and the life of a request there in seconds."""


def _request(key: str, *, order_id: str | None = None) -> EffectRequest:
    return EffectRequest(key=key, payload={"symbol": "BTCUSDT", "quantity": "0.5"}, order_id=order_id)


def _ask(venue: VenueForm, key: str, *, order_id: str | None = None) -> Any:
    """Return the receipt's id, or the error as a comparable value."""
    return _outcome(lambda: venue.perform(_request(key, order_id=order_id))["receipt_id"])


def _outcome(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except EffectTimeout as error:
        return type(error).__name__, error.definite
    except EffectRejected as error:
        return type(error).__name__, error.status, error.code, error.definite
    except VenueError as error:
        return type(error).__name__, error.status, error.code, error.definite, error.retry_after_s
    except (KeyError, ValueError) as error:
        return type(error).__name__


def _expect(claim: str, expected: Any, seen: Any) -> None:
    if expected != seen:
        raise AssertionError(f"{claim}: expected {expected!r}, saw {seen!r}")
