"""venue_failing: the world outside fails for a while, ambiguously most of the time, and then is well again."""

from __future__ import annotations

from itertools import cycle, islice
from typing import TYPE_CHECKING

from harness.errors import WrongInputError
from harness.nemesis.fault import ANY, Injection, RealFault
from harness.nemesis.site import Need
from harness.venue import mischief

if TYPE_CHECKING:
    from harness.nemesis.site import Site

_MISCHIEF = (
    mischief.lose_reply(),
    mischief.answer_error("backend_timeout", done=True),
    mischief.answer_error("execution_unknown", done=True),
    mischief.lose_request(),
    mischief.reject("too_many_requests"),
)
"""What befalls one request after the other. Three of five are done, and only one of five says what became of it.

However many others come between a request and its repetition, some request and its repetition are both done."""


def plan(site: Site, *, requests: int = 60) -> Injection:
    """Fail the next *requests* requests, or as many as come until healed.

    Raises:
        WrongInputError: *requests* is below 1.
    """
    if requests < 1:
        raise WrongInputError(f"venue_failing: requests must be at least 1, not {requests}")
    control = site.the_venue.control
    before = control.mischief_met()

    def strike() -> None:
        for each in islice(cycle(_MISCHIEF), requests):
            control.plan(each)

    def look() -> str:
        met = control.mischief_met() - before
        return f"the venue failed {met} requests" if met else ""

    return Injection(strike=strike, look=look, heal=(control.behave,))


FAULT = RealFault(
    name="venue_failing",
    what="The venue fails `requests` requests: replies are lost, errors say that nobody knows, some refuse. Effects "
    "happen all the same behind some of them.",
    witness="The venue counts the requests that it failed.",
    demand="May answer that it is in doubt. May not send an effect again of which nobody knows whether it was done.",
    heals="The venue answers every request.",
    blast_radius="Every request to the venue while it lasts.",
    needs=frozenset({Need.VENUE}),
    providers=ANY,
    plan=plan,
)
inject = FAULT.inject
