"""The breaker's states on a real server: when it opens, whom it lets probe, and what it never counts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from safety_core.job_safety.circuit_breaker import (
    AlertHooks,
    BreakerNameError,
    BreakerState,
    CallOutcome,
    CircuitBreaker,
    CircuitOpenError,
    PermitError,
    Scope,
)
from safety_core.job_safety.tests.breakers import SETTINGS
from safety_core.tests.servers import Server, advance

if TYPE_CHECKING:
    from collections.abc import Callable

    from safety_core.job_safety.tests.breakers import Breaker

CLOSED, OPEN, HALF_OPEN = BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN


def test_three_states_are_gone_through(breaker: Breaker, server: Server) -> None:
    """CLOSED until the threshold, OPEN for its time, HALF_OPEN for one probe, CLOSED after it succeeded."""
    opening = breaker.fail(times=3)
    assert [str(each) for each in opening.transitions] == ["CLOSED->OPEN"]
    refused = breaker.allow("order")
    assert (refused.admitted, refused.state, refused.reason) == (False, OPEN, "failures")
    assert 29 < refused.retry_after_s <= 30
    advance(server, 31)
    probe = breaker.allow("order")
    assert (probe.admitted, probe.state) == (True, HALF_OPEN)
    assert [str(each) for each in probe.transitions] == ["OPEN->HALF_OPEN"]
    assert [str(each) for each in breaker.record(probe, "success").transitions] == ["HALF_OPEN->CLOSED"]
    assert breaker.allow("order").state is CLOSED


def test_failed_probe_opens_again(breaker: Breaker, server: Server) -> None:
    """One failure of a probe is enough."""
    breaker.fail(times=3)
    advance(server, 31)
    assert str(breaker.fail().transitions[0]) == "HALF_OPEN->OPEN"
    assert not breaker.allow("order")


def test_failures_outside_the_window_are_forgotten(breaker: Breaker, server: Server) -> None:
    """The window slides: two old failures and one new one do not open."""
    breaker.fail(times=2)
    advance(server, 61)
    assert not breaker.fail().transitions
    assert breaker.report("order").failures == 1


def test_one_job_type_does_not_stop_another(breaker: Breaker) -> None:
    """Each job type has a breaker of its own."""
    breaker.fail("order", times=3)
    assert not breaker.allow("order")
    assert breaker.allow("position")


def test_exchange_failures_of_any_job_type_open_the_exchange_for_all(breaker: Breaker) -> None:
    """Two failures here and two there reach the exchange's threshold of four."""
    breaker.fail("order", "exchange_failure", times=2)
    moved = breaker.fail("position", "exchange_failure", times=2)
    assert [(each.scope, str(each)) for each in moved.transitions] == [(Scope.EXCHANGE, "CLOSED->OPEN")]
    refused = breaker.allow("signal")
    assert (refused.admitted, refused.scope) == (False, Scope.EXCHANGE)


def test_ban_opens_the_exchange_at_once_and_not_before_its_end(breaker: Breaker, server: Server) -> None:
    """One 418 is enough, and its Retry-After outlasts the time that the breaker would be open."""
    breaker.record(breaker.allow("order"), CallOutcome.RATE_LIMITED, retry_after_s=7200)
    advance(server, 7000)
    refused = breaker.allow("position")
    assert (refused.scope, refused.state, refused.reason) == (Scope.EXCHANGE, OPEN, "limit")
    assert breaker.report("order").state is CLOSED
    advance(server, 201)
    assert breaker.allow("position")


def test_longer_ban_lengthens_the_time_and_a_shorter_one_does_not(breaker: Breaker) -> None:
    """Whoever was already under way when the exchange closed adds what it was told."""
    first, second, third = (breaker.allow("order") for _ in range(3))
    breaker.record(first, "rate_limited", retry_after_s=100)
    breaker.record(second, "rate_limited", retry_after_s=1000)
    breaker.record(third, "rate_limited", retry_after_s=10)
    assert 990 < breaker.allow("order").retry_after_s <= 1000


def test_callers_own_mistakes_never_count(breaker: Breaker) -> None:
    """Bad input opens nothing."""
    last = breaker.fail(outcome="caller_mistake", times=10)
    assert set(last.counted) == {"nothing"}
    assert breaker.report("order").failures == 0


def test_mistake_in_a_probe_gives_its_place_back(breaker: Breaker, server: Server) -> None:
    """Nothing was learnt, so the next probe may go at once."""
    breaker.fail(times=3)
    advance(server, 31)
    breaker.record(breaker.allow("order"), "caller_mistake")
    assert breaker.allow("order").state is HALF_OPEN


def test_only_so_many_probes_at_once_whoever_asks(server: Server) -> None:
    """Forty threads of four breakers ask at once: one probe is let through."""
    breakers = [CircuitBreaker(server.url, settings=SETTINGS) for _ in range(4)]
    for _ in range(3):
        breakers[0].record(breakers[0].allow("order"), "failure")
    advance(server, 31)
    with ThreadPoolExecutor(8) as pool:
        permits = list(pool.map(lambda number: breakers[number % 4].allow("order"), range(40)))
    assert sum(permit.admitted for permit in permits) == 1
    assert {permit.reason for permit in permits if not permit} == {"probes"}
    for each in breakers:
        each.close()


def test_dead_prober_does_not_wedge_the_breaker(breaker: Breaker, server: Server) -> None:
    """A probe that nobody ends gives its place back when its permit does, and its late word counts no more."""
    breaker.fail(times=3)
    advance(server, 31)
    dead = breaker.allow("order")
    waiting = breaker.allow("order")
    assert (waiting.admitted, waiting.reason) == (False, "probes")
    assert 19 < waiting.retry_after_s <= 20
    advance(server, 21)
    successor = breaker.allow("order")
    assert successor.state is HALF_OPEN
    assert breaker.record(dead, "failure").counted[-1] == "stale"
    assert str(breaker.record(successor, "success").transitions[0]) == "HALF_OPEN->CLOSED"


def test_outcome_of_an_older_epoch_does_not_count(breaker: Breaker, server: Server) -> None:
    """What began before the breaker opened says nothing about the dependency after it."""
    old = [breaker.allow("order") for _ in range(4)]
    breaker.fail(times=3)
    advance(server, 31)
    breaker.record(breaker.allow("order"), "success")
    for permit in old:
        assert breaker.record(permit, "failure").counted[-1] == "stale"
    assert breaker.report("order").failures == 0


def test_refused_exchange_takes_no_probe_of_the_job_type(breaker: Breaker, server: Server) -> None:
    """Both scopes admit, or nothing is taken of either."""
    breaker.fail(times=3)
    breaker.record(breaker.allow("position"), "rate_limited", retry_after_s=3600)
    advance(server, 31)
    assert breaker.allow("order").scope is Scope.EXCHANGE
    assert (breaker.report("order").state, breaker.report("order").probes) == (OPEN, 0)


def test_call_runs_judges_and_records(breaker: Breaker) -> None:
    """`call` counts failures of the dependency, passes errors on, and refuses when open."""
    assert breaker.call("order", lambda: 7) == 7

    def fail(error: Exception) -> Any:
        def operation() -> Any:
            raise error

        return operation

    for _ in range(5):
        with pytest.raises(ValueError, match="timeout must be positive"):
            breaker.call("order", fail(ValueError("timeout must be positive")))
    for _ in range(3):
        with pytest.raises(TimeoutError):
            breaker.call("order", fail(TimeoutError()))
    with pytest.raises(CircuitOpenError, match="order: the breaker of the job_type is OPEN"):
        breaker.call("order", lambda: pytest.fail("an open breaker ran a call"))


def test_failures_lie_in_a_sorted_set_and_nothing_lives_for_ever(breaker: Breaker, server: Server) -> None:
    """The store holds names, times and counts, under keys of our own that all end."""
    breaker.fail(times=2)
    breaker.fail("position", "rate_limited")
    client = server.client()
    keys = {str(key, "ascii"): client.type(key) for key in client.scan_iter()}
    assert keys == {
        "{circuit_breaker:default:default:1}:exchange:binance": b"hash",
        "{circuit_breaker:default:default:1}:job_type:order#calls": b"zset",
    }
    assert all(client.pttl(key) > 0 for key in keys)


def test_alert_hooks_are_told_of_each_change(make_breaker: Callable[..., Breaker], server: Server) -> None:
    """`CircuitBreaker(redis_client, alert_hooks=alert_hooks)`, as the seeds write it."""
    hooks = AlertHooks()
    seen: list[Any] = []
    hooks.add_event(seen.append)
    breaker = make_breaker(server.client(), alert_hooks=hooks)
    breaker.fail(times=3)
    event = seen[0]
    assert (event.kind, event.source, event.transition) == ("breaker_opened", "job_type:order", "CLOSED->OPEN")
    assert (event.severity, event.context["reason"], event.context["open_s"]) == ("Critical", "failures", 30.0)


@pytest.mark.parametrize("name", ["", "x" * 257, None, 7, b"order"])
def test_name_that_cannot_be_one_is_refused(breaker: Breaker, name: Any) -> None:
    """Empty, huge and foreign names meet one clear error, and nothing is sent."""
    with pytest.raises(BreakerNameError, match="expected a string of 1 to 256 characters"):
        breaker.allow(name)


def test_names_that_look_alike_stay_apart(breaker: Breaker) -> None:
    """Separators and bytes that are no UTF-8 are part of the name."""
    breaker.fail("a:b", times=3)
    assert breaker.allow("a")
    assert breaker.allow("a#calls")
    assert breaker.allow("\udcff")
    assert not breaker.allow("a:b")


@pytest.mark.parametrize("after", [-1, float("nan"), float("inf"), "1", True])
def test_time_that_is_none_is_refused(breaker: Breaker, after: Any) -> None:
    """NaN and infinity never reach the store."""
    with pytest.raises(PermitError, match="retry_after_s"):
        breaker.record(breaker.allow("order"), "rate_limited", retry_after_s=after)


def test_refused_permit_cannot_be_recorded(breaker: Breaker) -> None:
    """A call that was refused was not made, so it has no outcome."""
    breaker.fail(times=3)
    with pytest.raises(PermitError, match="admitted a call"):
        breaker.record(breaker.allow("order"), "success")
    with pytest.raises(PermitError, match="expected one of: success"):
        breaker.record(breaker.allow("position"), "great")
