"""Lost requests, lost replies and late requests: whatever arrives whenever, there is one effect at most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from safety_core.idempotency import NotFound, Outcome, Reconciler, RecordState, Resolution
from safety_core.idempotency.lua import CLAIM, FINISH, IDENTIFY, RELEASE, START, Script, bulk_text
from safety_core.idempotency.steps import OPEN, Steps
from safety_core.idempotency.store_protocol import ask
from safety_core.tests.servers import LEASE_S, LIFE_S, Server, advance

if TYPE_CHECKING:
    from collections.abc import Callable

    from safety_core.tests.guards import Guard
    from safety_core.tests.relay import Relay


@pytest.fixture
def warm(relayed: Guard) -> Guard:
    """Return a guard whose scripts the server knows, with no effect run yet."""
    relayed.once(entity_id="the server learns the scripts")
    relayed.runs = 0
    return relayed


def state_of(guard: Guard, entity_id: str = "intent-1") -> str | None:
    """Return the stored state of a record."""
    return Reconciler(guard.sync, {"order": lambda record: NotFound()}).reconcile("order", entity_id).record.state


@pytest.mark.parametrize("script", [IDENTIFY, CLAIM, START, FINISH], ids=lambda script: script.name)
@pytest.mark.parametrize("loss", ["request", "reply"])
def test_one_lost_packet_is_repaired_by_one_repeat(warm: Guard, relay: Relay, script: Script, loss: str) -> None:
    """Each step, its request or its reply lost once: executed once and recorded, or certainly not executed."""
    warm.close()
    (relay.lose_request if loss == "request" else relay.lose_reply)(script)
    answer = warm.once()
    assert relay.witnessed == [loss]
    if script is IDENTIFY:
        assert (answer.outcome, warm.runs) == (Outcome.REFUSED_STORE_UNAVAILABLE, 0)
        answer = warm.once()
    assert (answer.outcome, warm.runs) == (Outcome.EXECUTED, 1)
    assert (warm.once().outcome, warm.runs) == (Outcome.REPLAYED, 1)


@pytest.mark.parametrize("loss", ["request", "reply"])
def test_start_lost_twice_runs_nothing_and_can_be_resumed_at_once(warm: Guard, relay: Relay, loss: str) -> None:
    """The record may say STARTED under a token whose effect never ran; only that token's proof reopens it."""
    (relay.lose_request if loss == "request" else relay.lose_reply)(START, 2)
    answer = warm.once()
    assert (answer.outcome, answer.executed, warm.runs) == (Outcome.CLAIM_UNKNOWN, False, 0)
    assert warm.once().outcome is Outcome.IN_PROGRESS
    assert (warm.once(token=answer.token).outcome, warm.runs) == (Outcome.EXECUTED, 1)


def test_proof_of_no_effect_is_good_for_one_call_only(warm: Guard, relay: Relay) -> None:
    """A second call with the same proof meets the first one's claim, and does not run beside it."""
    relay.lose_reply(START, 2)
    proof = warm.once().token

    def die(claim: Any) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        warm.once(effect=die, token=proof)
    assert warm.once(token=proof).outcome is Outcome.IN_PROGRESS
    assert warm.runs == 1


def test_unresumed_start_ends_in_doubt_and_is_reconciled(warm: Guard, relay: Relay, server: Server) -> None:
    """Where the proof got lost with its process, the doubt stays until the venue was asked."""
    relay.lose_reply(START, 2)
    assert warm.once().outcome is Outcome.CLAIM_UNKNOWN
    advance(server, LEASE_S + 1)
    assert warm.once().outcome is Outcome.IN_DOUBT
    advance(server, LIFE_S)
    reconciler = Reconciler(warm.sync, {"order": lambda record: NotFound()})
    assert reconciler.reconcile("order", "intent-1").resolution is Resolution.FAILED
    assert (warm.once().outcome, warm.runs) == (Outcome.EXECUTED, 1)


def test_mark_lost_twice_leaves_a_doubt_and_says_unrecorded(warm: Guard, relay: Relay, server: Server) -> None:
    """The effect is done, nobody recorded it: the caller knows, and a successor does not run it again."""
    relay.lose_request(FINISH, 2)
    answer = warm.once()
    assert (answer.outcome, answer.result) == (Outcome.EXECUTED_UNRECORDED, {"receipt": 1})
    advance(server, LEASE_S + 1)
    assert (warm.once().outcome, warm.runs) == (Outcome.IN_DOUBT, 1)


@pytest.mark.parametrize("script", [CLAIM, START, FINISH], ids=lambda script: script.name)
def test_late_request_changes_nothing_after_the_repeat_went_through(
    warm: Guard, relay: Relay, script: Script
) -> None:
    """A packet that lands after its own repeat finds a finished record, and leaves it as it is."""
    relay.delay(script)
    assert warm.once().outcome is Outcome.EXECUTED
    relay.deliver_late()
    assert state_of(warm) is RecordState.DONE
    assert (warm.once().outcome, warm.runs) == (Outcome.REPLAYED, 1)


@pytest.mark.parametrize("script", [CLAIM, START], ids=lambda script: script.name)
def test_late_request_does_not_reopen_a_definite_failure(warm: Guard, relay: Relay, script: Script) -> None:
    """An attempt that has ended stays ended: the next caller need not wait for a ghost's lease."""

    def refuse(claim: Any) -> Any:
        raise ConnectionRefusedError

    relay.delay(script)
    assert warm.once(effect=refuse).outcome is Outcome.FAILED_DEFINITE
    relay.deliver_late()
    assert state_of(warm) is RecordState.FAILED
    assert (warm.once().outcome, warm.runs) == (Outcome.EXECUTED, 2)


def test_late_claim_on_an_absent_key_is_taken_over_after_its_lease(warm: Guard, relay: Relay, server: Server) -> None:
    """A claim that nobody waits for costs one lease, never an effect and never a stuck key."""
    relay.delay(CLAIM, 2)
    assert warm.once().outcome is Outcome.CLAIM_UNKNOWN
    relay.deliver_late()
    assert warm.once().outcome is Outcome.IN_PROGRESS
    advance(server, LEASE_S + 1)
    answer = warm.once()
    assert (answer.outcome, answer.fence, warm.runs) == (Outcome.EXECUTED, 2, 1)


def test_late_start_after_the_lease_is_refused(warm: Guard, relay: Relay, server: Server) -> None:
    """A START that arrives when its lease is over opens no doubt."""
    relay.delay(START, 2)
    assert warm.once().outcome is Outcome.CLAIM_UNKNOWN
    advance(server, LEASE_S + 1)
    assert relay.deliver_late() == [b":0\r\n", b":0\r\n"]
    assert (warm.once().outcome, warm.runs) == (Outcome.EXECUTED, 1)


def test_late_start_within_the_lease_ends_in_doubt_at_worst(warm: Guard, relay: Relay, server: Server) -> None:
    """The caller had given up, nothing ran, and still nobody may run it before the venue was asked."""
    relay.delay(START, 2)
    assert warm.once().outcome is Outcome.CLAIM_UNKNOWN
    relay.deliver_late()
    advance(server, LEASE_S + 1)
    assert (warm.once().outcome, warm.runs) == (Outcome.IN_DOUBT, 0)


def test_late_start_after_a_resumption_is_refused(warm: Guard, relay: Relay) -> None:
    """The resumed call has its own token, so that the given-up one cannot start anything."""
    relay.delay(START, 2)
    answer = warm.once()
    seen: list[list[bytes]] = []
    assert warm.once(token=answer.token, effect=lambda claim: seen.append(relay.deliver_late())).executed
    assert seen == [[b":0\r\n", b":0\r\n"]]


def test_late_mark_of_a_resolved_holder_is_refused(warm: Guard, relay: Relay, server: Server) -> None:
    """After the reconciler's word and a successor's effect, the old mark must not overwrite either."""
    relay.delay(FINISH, 2)
    assert warm.once().outcome is Outcome.EXECUTED_UNRECORDED
    advance(server, LEASE_S + LIFE_S + 1)
    reconciler = Reconciler(warm.sync, {"order": lambda record: NotFound()})
    assert reconciler.reconcile("order", "intent-1").resolution is Resolution.FAILED
    assert relay.deliver_late() == [b":0\r\n", b":0\r\n"]
    assert state_of(warm) is RecordState.FAILED


def test_late_mark_of_a_slow_holder_is_still_good_news(warm: Guard, relay: Relay, server: Server) -> None:
    """While the token stands, a mark that comes late ends the doubt with the truth."""
    relay.delay(FINISH, 2)
    assert warm.once().outcome is Outcome.EXECUTED_UNRECORDED
    advance(server, LEASE_S + 1)
    assert warm.once().outcome is Outcome.IN_DOUBT
    relay.deliver_late()
    answer = warm.once()
    assert (answer.outcome, answer.result, warm.runs) == (Outcome.REPLAYED, {"receipt": 1}, 1)


def test_start_applied_but_repeated_too_late_leaves_no_doubt(warm: Guard, relay: Relay, server: Server) -> None:
    """The holder knows that it ran nothing, and says so: the key is free at once."""
    relay.lose_reply(START)
    relay.before(START, lambda: relay.before(START, lambda: advance(server, LEASE_S + 1)))
    assert warm.once().outcome is Outcome.LEASE_LOST_BEFORE_EFFECT
    assert (warm.once().outcome, warm.runs) == (Outcome.EXECUTED, 1)


def test_late_release_of_an_old_attempt_does_not_free_a_new_one(guard: Guard) -> None:
    """A release checks the token, so that it cannot let a second holder in beside the first."""
    seen: list[Any] = []

    def release(key: str) -> Steps[Any]:
        yield OPEN
        return (yield from ask(RELEASE, 2, bulk_text(key) + bulk_text("0" * 32) + guard.sync.terms.retention))

    answer = guard.once(effect=lambda claim: seen.append(guard.sync.driver.run(release(claim.key))))
    assert (answer.outcome, seen) == (Outcome.EXECUTED, [0])


def test_fast_mode_repeats_its_claim_and_never_its_effect(make_guard: Callable[..., Guard], relay: Relay) -> None:
    """Without START the claim itself says that the effect may run; its own repeat is answered alike."""
    guard = make_guard(url=relay.url, mode="fast")
    guard.once(entity_id="the server learns the scripts")
    relay.lose_reply(CLAIM)
    assert (guard.once().outcome, guard.runs) == (Outcome.EXECUTED, 2)
