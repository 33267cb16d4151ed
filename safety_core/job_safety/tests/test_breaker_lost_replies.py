"""Lost requests, lost replies and a lost Redis: nothing counts twice, and an open breaker stays open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from safety_core.job_safety.circuit_breaker import BreakerSettings, BreakerState, Scope, WithoutRedis
from safety_core.job_safety.circuit_breaker.scripts import ALLOW, RECORD
from safety_core.job_safety.tests.breakers import LIMITS
from safety_core.tests.servers import Server, advance

if TYPE_CHECKING:
    from collections.abc import Callable

    from safety_core.job_safety.tests.breakers import Breaker
    from safety_core.tests.relay import Relay


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.now


@pytest.fixture
def hand() -> Hand:
    """Return a clock."""
    return Hand()


@pytest.fixture
def relayed(make_breaker: Callable[..., Breaker], relay: Relay, hand: Hand) -> Breaker:
    """Return a breaker whose every byte goes through the relay; the server knows its scripts."""
    breaker = make_breaker(relay.url, clock=hand)
    breaker.record(breaker.allow("the server learns the scripts"), "success")
    return breaker


@pytest.mark.parametrize("loss", ["request", "reply"])
def test_failure_whose_reply_is_lost_counts_once(relayed: Breaker, relay: Relay, loss: str) -> None:
    """The repeat carries the same token."""
    permit = relayed.allow("order")
    (relay.lose_request if loss == "request" else relay.lose_reply)(RECORD[1])
    assert relayed.record(permit, "failure").counted == ("counted",)
    assert relay.witnessed == [loss]
    assert relayed.report("order").failures == 1


def test_opening_whose_reply_is_lost_is_told_all_the_same(relayed: Breaker, relay: Relay) -> None:
    """The repeat answers as the first did, so that the alert is not lost with the reply."""
    relayed.fail(times=2)
    permit = relayed.allow("order")
    relay.lose_reply(RECORD[1])
    assert [str(each) for each in relayed.record(permit, "failure").transitions] == ["CLOSED->OPEN"]


def test_probe_whose_reply_is_lost_is_one_probe(relayed: Breaker, relay: Relay, server: Server) -> None:
    """The repeat finds its own permit, and takes no second one."""
    relayed.fail(times=3)
    advance(server, 31)
    relay.lose_reply(ALLOW[1])
    probe = relayed.allow("order")
    assert [str(each) for each in probe.transitions] == ["OPEN->HALF_OPEN"]
    assert relayed.report("order").probes == 1
    assert relayed.record(probe, "success").transitions


def test_late_failure_of_an_ended_call_changes_nothing(relayed: Breaker, relay: Relay) -> None:
    """A packet that lands after its own repeat is the same failure."""
    permit = relayed.allow("order")
    relay.delay(RECORD[1])
    relayed.record(permit, "failure")
    relay.deliver_late()
    assert relayed.report("order").failures == 1


def test_open_breaker_stays_open_while_redis_is_away(relayed: Breaker, server: Server, hand: Hand) -> None:
    """What Redis said last holds in this process, until the time that it named is over; then one probe may go."""
    relayed.fail(times=3)
    server.kill()
    refused = relayed.allow("order")
    assert (refused.admitted, refused.state, refused.local) == (False, BreakerState.OPEN, True)
    hand.now += 31
    probe = relayed.allow("order")
    assert (probe.admitted, probe.state, probe.local) == (True, BreakerState.HALF_OPEN, True)
    assert relayed.allow("order").reason == "probes"
    assert [str(each) for each in relayed.record(probe, "success").transitions] == ["HALF_OPEN->CLOSED"]


def test_local_breaker_opens_while_redis_is_away(relayed: Breaker, server: Server) -> None:
    """Failures are counted in this process meanwhile, those of calls begun before too."""
    begun = relayed.allow("order")
    server.kill()
    assert relayed.record(begun, "failure").counted == ("lost",)
    opened = relayed.fail(times=2)
    assert [(str(each), each.local) for each in opened.transitions] == [("CLOSED->OPEN", True)]
    assert not relayed.allow("order")


def test_redis_goes_first_when_it_is_back(relayed: Breaker, server: Server) -> None:
    """A breaker that was open here alone follows the shared one again."""
    server.kill()
    relayed.fail(times=3)
    assert not relayed.allow("order")
    server.restart()
    back = relayed.allow("order")
    assert (back.admitted, back.local) == (True, False)


def test_emptied_redis_does_not_close_an_open_breaker(relayed: Breaker, server: Server, hand: Hand) -> None:
    """Whoever knew that it was open keeps to it until the time is over."""
    relayed.fail(times=3)
    server.client().flushall()
    refused = relayed.allow("order")
    assert (refused.admitted, refused.reason, refused.scope) == (False, "store_lost", Scope.JOB_TYPE)
    hand.now += 31
    assert relayed.allow("order")


@pytest.mark.parametrize(("policy", "admitted"), [(WithoutRedis.REFUSE, False), (WithoutRedis.ADMIT, True)])
def test_policy_without_redis_is_kept(
    make_breaker: Callable[..., Breaker], server: Server, policy: WithoutRedis, admitted: bool
) -> None:
    """What is said beforehand is what happens."""
    breaker = make_breaker(settings=BreakerSettings(job_type=LIMITS, without_redis=policy))
    server.kill()
    permit = breaker.allow("order")
    assert (permit.admitted, permit.local) == (admitted, True)
    if admitted:
        breaker.record(permit, "failure")
