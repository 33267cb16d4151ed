"""Each of the seventeen outcomes, reached on a real server, and what it lets the caller conclude."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from safety_core.idempotency import Effects, NotFound, Outcome, Reconciler, RecordState
from safety_core.idempotency.lua import CLAIM, START
from safety_core.tests.servers import LEASE_S, LIFE_S, Server, advance

if TYPE_CHECKING:
    from collections.abc import Callable

    from safety_core.tests.guards import Guard
    from safety_core.tests.relay import Relay


def refuse(claim: Any) -> Any:
    """Fail before anything was sent."""
    raise ConnectionRefusedError("the venue is down")


def time_out(claim: Any) -> Any:
    """Fail after sending."""
    raise TimeoutError("no answer")


@pytest.mark.outcome("EXECUTED")
def test_first_caller_does_the_effect_and_it_is_recorded(guard: Guard) -> None:
    """The first call runs the effect, returns its result, and leaves a DONE record."""
    answer = guard.once()
    executed, result = answer
    assert (answer.outcome, executed, result, guard.runs) == (Outcome.EXECUTED, True, {"receipt": 1}, 1)
    assert answer.record is not None
    assert answer.record.state is RecordState.DONE


@pytest.mark.outcome("REPLAYED")
def test_second_caller_gets_the_first_result(guard: Guard) -> None:
    """A redelivery runs nothing and is told what the first call was told."""
    first = guard.once()
    again = guard.once()
    assert (again.outcome, again.executed, again.result) == (Outcome.REPLAYED, False, first.result)
    assert guard.runs == 1


@pytest.mark.outcome("REPLAYED_FAILURE")
def test_recorded_failure_is_not_tried_again_where_the_policy_forbids_it(make_guard: Callable[..., Guard]) -> None:
    """With retry_failed=False a definite failure is final."""
    guard = make_guard(retry_failed=False)
    assert guard.once(effect=refuse).outcome is Outcome.FAILED_DEFINITE
    answer = guard.once()
    assert (answer.outcome, answer.executed, guard.runs) == (Outcome.REPLAYED_FAILURE, False, 1)
    assert answer.reason == "ConnectionRefusedError"


@pytest.mark.outcome("IN_PROGRESS")
def test_caller_beside_a_running_holder_is_told_how_long_to_wait(
    guard: Guard, make_guard: Callable[..., Guard]
) -> None:
    """While the lease runs nobody else may act, and the rest of the lease is said."""
    other = make_guard()
    other.flavour = "sync"
    seen = []

    def meanwhile(claim: Any) -> str:
        seen.append(other.once())
        return "done"

    assert guard.once(effect=meanwhile).outcome is Outcome.EXECUTED
    assert seen[0].outcome is Outcome.IN_PROGRESS
    assert 0 < (seen[0].remaining_ms or 0) <= LEASE_S * 1000
    assert other.runs == 0


@pytest.mark.outcome("IN_DOUBT")
def test_successor_of_a_dead_holder_is_told_in_doubt(guard: Guard, server: Server) -> None:
    """A holder that died inside its effect leaves a doubt, not a licence to run again."""

    def die(claim: Any) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        guard.once(effect=die)
    assert guard.once().outcome is Outcome.IN_PROGRESS
    advance(server, LEASE_S + 1)
    answer = guard.once()
    assert (answer.outcome, answer.outcome.effects, guard.runs) == (Outcome.IN_DOUBT, Effects.UNKNOWN, 1)


@pytest.mark.outcome("CONFLICT")
@pytest.mark.parametrize("state", ["DONE", "FAILED", "UNCERTAIN", "STARTED"])
def test_other_payload_under_the_same_key_is_a_conflict_in_every_state(guard: Guard, state: str) -> None:
    """Neither another payload nor another type may hide behind a known key."""
    other: list[Any] = []

    def ask(claim: Any) -> None:
        flavour, guard.flavour = guard.flavour, "sync"
        other.append(guard.once(payload={"quantity": 2}))
        guard.flavour = flavour

    effects: dict[str, Callable[[Any], Any]] = {
        "DONE": lambda claim: None,
        "FAILED": refuse,
        "UNCERTAIN": time_out,
        "STARTED": ask,
    }
    guard.once(effect=effects[state])
    answer = other[0] if other else guard.once(payload={"quantity": 2})
    assert answer.outcome is Outcome.CONFLICT
    assert guard.once(effect_type="ledger").outcome is Outcome.CONFLICT
    assert guard.runs == 1


@pytest.mark.outcome("REFUSED_STORE_UNAVAILABLE")
def test_nothing_runs_when_the_store_is_gone(guard: Guard, server: Server) -> None:
    """Without the store there is no new risk."""
    server.kill()
    answer = guard.once(entity_id="never-seen")
    assert answer.outcome is Outcome.REFUSED_STORE_UNAVAILABLE
    assert (answer.executed, guard.runs, answer.error is not None) == (False, 0, True)


@pytest.mark.outcome("CLAIM_UNKNOWN")
def test_claim_whose_replies_are_lost_twice_runs_nothing_and_can_be_resumed(relayed: Guard, relay: Relay) -> None:
    """The claim stands under the caller's token; handing it back goes on at once, with one effect in all."""
    relayed.once(entity_id="the server learns the scripts")
    relay.lose_reply(CLAIM, 2)
    answer = relayed.once()
    assert (answer.outcome, relayed.runs, relay.witnessed) == (Outcome.CLAIM_UNKNOWN, 1, ["reply", "reply"])
    assert relayed.once().outcome is Outcome.IN_PROGRESS
    resumed = relayed.once(token=answer.token)
    assert (resumed.outcome, resumed.fence, relayed.runs) == (Outcome.EXECUTED, 2, 2)


@pytest.mark.outcome("REFUSED_STORE_UNSAFE")
def test_store_that_nobody_prepared_is_refused(make_guard: Callable[..., Guard]) -> None:
    """An emptied store and a new one look alike, so that neither is trusted unasked."""
    guard = make_guard(prepared=False)
    answer = guard.once()
    assert (answer.outcome, guard.runs) == (Outcome.REFUSED_STORE_UNSAFE, 0)
    assert "prepare" in (answer.reason or "")


@pytest.mark.outcome("REFUSED_STORE_UNSAFE")
@pytest.mark.parametrize("wrong", ["maxmemory", "eviction", "replica", "replicas"])
def test_store_that_cannot_keep_a_claim_is_refused(guard: Guard, server: Server, wrong: str) -> None:
    """Full, evicting, read-only or short of replicas: nothing runs."""
    config = {
        "maxmemory": {"maxmemory": "1"},
        "eviction": {"maxmemory": "1gb", "maxmemory-policy": "volatile-lru"},
        "replicas": {"min-replicas-to-write": "1"},
        "replica": {},
    }[wrong]
    client: Any = server.client()
    for name, value in config.items():
        client.config_set(name, value)
    if wrong == "replica":
        client.replicaof("127.0.0.1", "1")
    guard.close()
    answer = guard.once()
    assert (answer.outcome, guard.runs) == (Outcome.REFUSED_STORE_UNSAFE, 0)


@pytest.mark.outcome("LEASE_LOST_BEFORE_EFFECT")
def test_holder_whose_lease_ended_before_start_runs_nothing(relayed: Guard, relay: Relay, server: Server) -> None:
    """START is the last fence: a holder that was held up too long is turned away."""
    relayed.once(entity_id="the server learns the scripts")
    relay.before(START, lambda: advance(server, LEASE_S + 1))
    runs = relayed.runs
    answer = relayed.once()
    assert (answer.outcome, relayed.runs - runs) == (Outcome.LEASE_LOST_BEFORE_EFFECT, 0)
    assert relayed.once().outcome is Outcome.EXECUTED


@pytest.mark.outcome("EXECUTED_UNRECORDED")
def test_effect_whose_mark_cannot_be_written_is_reported_with_its_result(guard: Guard, server: Server) -> None:
    """The store died under the effect: the caller has the result, and is told to journal it."""

    def and_lose_the_store(claim: Any) -> str:
        server.kill()
        return "receipt"

    answer = guard.once(effect=and_lose_the_store)
    assert answer.outcome is Outcome.EXECUTED_UNRECORDED
    assert tuple(answer) == (True, "receipt")


@pytest.mark.outcome("EXECUTED_FENCED")
def test_holder_that_was_resolved_meanwhile_is_told_so(guard: Guard, server: Server) -> None:
    """A zombie's mark is refused, and it learns that a duplicate is possible."""
    reconciler = Reconciler(guard.sync, {"order": lambda record: NotFound()})

    def outlive_the_lease(claim: Any) -> str:
        advance(server, LEASE_S + LIFE_S + 1)
        assert reconciler.reconcile("order", "intent-1").resolution == "failed, may be claimed again"
        return "receipt"

    answer = guard.once(effect=outlive_the_lease)
    assert answer.outcome is Outcome.EXECUTED_FENCED
    assert answer.executed


@pytest.mark.outcome("EXECUTED_RESULT_UNSTORABLE")
@pytest.mark.parametrize("result", [object(), "x" * 70_000], ids=["no JSON", "too large"])
def test_result_that_cannot_be_stored_keeps_the_done_mark(guard: Guard, result: Any) -> None:
    """The effect is done and stays done; only its result is missing from the replay."""
    answer = guard.once(effect=lambda claim: result)
    assert (answer.outcome, answer.result) == (Outcome.EXECUTED_RESULT_UNSTORABLE, result)
    again = guard.once()
    assert (again.outcome, again.result, guard.runs) == (Outcome.REPLAYED, None, 1)
    assert again.record is not None
    assert not again.record.result_stored
    assert bool(again.record.result_digest) == isinstance(result, str)


@pytest.mark.outcome("FAILED_DEFINITE")
def test_effect_that_certainly_did_not_happen_may_be_tried_again(guard: Guard) -> None:
    """A refused connection releases the claim, and the next call has a higher fence."""
    answer = guard.once(effect=refuse)
    assert (answer.outcome, answer.executed) == (Outcome.FAILED_DEFINITE, False)
    assert isinstance(answer.error, ConnectionRefusedError)
    again = guard.once()
    assert (again.outcome, again.fence, guard.runs) == (Outcome.EXECUTED, 2, 2)


@pytest.mark.outcome("EFFECT_UNCERTAIN")
def test_effect_that_ended_ambiguously_is_never_run_again(guard: Guard, server: Server) -> None:
    """A timeout after sending leaves a doubt without an expiry, however long it lasts."""
    answer = guard.once(effect=time_out)
    assert (answer.outcome, answer.executed) == (Outcome.EFFECT_UNCERTAIN, False)
    assert server.client().pttl(answer.key) == -1
    advance(server, 10 * LEASE_S)
    assert guard.once().outcome is Outcome.IN_DOUBT
    assert guard.runs == 1


@pytest.mark.outcome("KEY_EXPIRED")
def test_intent_older_than_the_memory_is_refused(guard: Guard) -> None:
    """Never seen and done long ago look alike, so that an old intent is not run."""
    answer = guard.once(minted_at=time.time() - 73 * 3600)
    assert (answer.outcome, guard.runs) == (Outcome.KEY_EXPIRED, 0)
    assert guard.once(minted_at=time.time() - 71 * 3600).outcome is Outcome.EXECUTED
    assert guard.once(minted_at=time.time() - 73 * 3600).outcome is Outcome.REPLAYED


@pytest.mark.outcome("BYPASSED")
def test_disabled_guard_says_that_it_protected_nothing(make_guard: Callable[..., Guard]) -> None:
    """A bypass runs the effect, twice if asked twice, and never calls that EXECUTED."""
    guard = make_guard(enabled=False, prepared=False)
    assert [guard.once().outcome for _ in range(2)] == [Outcome.BYPASSED, Outcome.BYPASSED]
    assert guard.runs == 2


@pytest.mark.outcome("BYPASSED")
def test_only_a_signal_may_run_without_its_store(make_guard: Callable[..., Guard], server: Server) -> None:
    """Fail-open is a choice per effect type, and an order never has it."""
    guard = make_guard(store_loss={"signal": "bypass"})
    server.kill()
    assert guard.once(effect_type="signal").outcome is Outcome.BYPASSED
    assert guard.once(effect_type="order").outcome is Outcome.REFUSED_STORE_UNAVAILABLE
    assert guard.runs == 1


def test_every_outcome_has_a_test_here() -> None:
    """The seventeen are all reached above."""
    marked = {
        mark.args[0]
        for name, test in globals().items()
        if name.startswith("test_")
        for mark in getattr(test, "pytestmark", [])
        if mark.name == "outcome"
    }
    assert marked == set(Outcome)
