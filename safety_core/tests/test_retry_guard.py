"""A job runs once per key, on the one engine: four answers, three endings, one record for all façades."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

from safety_core.idempotency import (
    EffectType,
    Found,
    GuardSettings,
    Mode,
    NotFound,
    Outcome,
    Reconciler,
    Resolution,
    SideEffectWrapper,
    prepare_store,
)
from safety_core.job_safety import (
    AsyncSideEffectGuard,
    FailureError,
    JobError,
    NoRunError,
    Override,
    RetryPolicy,
    RunDecision,
    RunInDoubtError,
    RunRefusedError,
    SideEffectGuard,
    job_entity_id,
    job_idempotency_key,
    skipped,
)
from safety_core.tests.job_faces import SETTINGS, Book, Job, guard_of
from safety_core.tests.servers import LEASE_S, LIFE_S, advance

if TYPE_CHECKING:
    from collections.abc import Callable

    from safety_core.tests.job_faces import Face
    from safety_core.tests.servers import Server

KEY = "process_order:42"


@pytest.fixture
def guard(server: Server, flavour: str) -> Face:
    """Return a guard of jobs on a prepared server."""
    prepare_store(server.url)
    return guard_of(flavour, server.url)


def my_job(guard: Any, job: Any, order_id: int, effects: list[int]) -> Any:
    """Do as the first version's documents do."""
    if not guard.should_execute(job, job_idempotency_key("process_order", order_id)):
        return skipped()
    effects.append(order_id)
    guard.mark_success(job, {"order": order_id})
    return {"order": order_id}


def test_the_shape_of_the_first_version_stays(guard: Face) -> None:
    """should_execute, mark_success; a job whose key is taken returns a skip, and is no error."""
    effects: list[int] = []
    assert my_job(guard, Job("a"), 42, effects) == {"order": 42}
    assert my_job(guard, Job("made anew"), 42, effects) == {"skipped": True}
    assert my_job(guard, Job("b"), 43, effects) == {"order": 43}
    assert effects == [42, 43]


def test_the_four_answers(server: Server, guard: Face) -> None:
    """Run, in progress with what is left, done with its result, unknown."""
    first = guard.begin("a", KEY)
    assert first.decision is RunDecision.RUN
    second = guard.begin("b", KEY)
    assert second.decision is RunDecision.IN_PROGRESS
    assert 0 < second.remaining_ms <= LEASE_S * 1000
    guard.done(first.run, {"receipt": 7})
    third = guard.begin("b", KEY)
    assert (third.decision, third.result) == (RunDecision.DONE, {"receipt": 7})
    guard.begin("a", "another")
    advance(server, LEASE_S + 1)
    assert guard.begin("b", "another").decision is RunDecision.UNKNOWN


def test_the_three_endings(guard: Face) -> None:
    """Not done may run again at once, done is kept, unknown is reconciled first."""
    for ending, then in (
        (guard.not_done, RunDecision.RUN),
        (guard.unknown, RunDecision.UNKNOWN),
        (guard.failed, RunDecision.UNKNOWN),
    ):
        key = f"{KEY}/{ending}"
        ending(guard.begin("a", key).run, TimeoutError("no answer"))
        assert guard.begin("a", key).decision is then
    refused = guard.begin("a", "refused").run
    guard.failed(refused, ConnectionRefusedError())
    assert guard.begin("a", "refused").decision is RunDecision.RUN


def test_failed_job_can_be_retried(guard: Face) -> None:
    """The first version skipped every retry of a failed job for 72 hours, and called it a success."""
    job = Job()
    assert guard.should_execute(job, KEY)
    guard.mark_failure(job, ConnectionRefusedError())
    assert guard.should_execute(job, KEY)
    assert guard.mark_success(job, 1).outcome is Outcome.EXECUTED
    assert not guard.should_execute(job, KEY)


def test_run_in_doubt_is_neither_run_nor_skipped(server: Server, guard: Face) -> None:
    """A skip would lose it silently; the reconciler knows of it, and ends it."""
    job = Job()
    assert guard.should_execute(job, KEY)
    guard.mark_unknown(job, "the worker was told to stop")
    with pytest.raises(RunInDoubtError, match="doubt"):
        guard.should_execute(job, KEY)
    with SideEffectWrapper(server.url, settings=SETTINGS) as engine:
        reconciler = Reconciler(engine, {EffectType.JOB: lambda record: Found({"order": 42})})
        (record,) = reconciler.open_records()
        assert record.entity_id == job_entity_id(KEY)
        assert reconciler.reconcile_open()[0].resolution is Resolution.DONE
    assert not guard.should_execute(job, KEY)


def test_crashed_worker_leaves_a_doubt_and_not_a_skip(server: Server, guard: Face) -> None:
    """Past the lease nobody may take an unfinished run for one that is done."""
    assert guard.should_execute(Job("a"), KEY)
    advance(server, LEASE_S + 1)
    with pytest.raises(RunInDoubtError):
        guard.should_execute(Job("b"), KEY)


def test_resumable_run_goes_on_after_a_crash_and_repeats_no_effect(server: Server, guard: Face) -> None:
    """Each effect has a record of its own: what is done is replayed, what is not is done."""
    done: list[str] = []

    def effects(*names: str) -> None:
        with SideEffectWrapper(server.url, settings=SETTINGS) as engine:
            for name in names:
                engine.execute_once(name, "42/" + name, lambda claim: done.append(claim.effect_type), payload={})

    first = guard.begin(Job("a"), KEY, resumable=True)
    effects("order")
    advance(server, LEASE_S + 1)
    second = guard.begin(Job("a"), KEY, resumable=True)
    assert (first.decision, second.decision) == (RunDecision.RUN, RunDecision.RUN)
    assert second.run.claim.fence == first.run.claim.fence + 1
    effects("order", "ledger")
    guard.done(second.run)
    assert done == ["order", "ledger"]
    assert guard.begin(Job("a"), KEY, resumable=True).decision is RunDecision.DONE


def test_resumable_run_that_failed_runs_again(guard: Face) -> None:
    """Whatever it raised: its effects know for themselves whether they happened."""
    guard.failed(guard.begin("a", KEY, resumable=True).run, TimeoutError())
    assert guard.begin("a", KEY, resumable=True).decision is RunDecision.RUN


@pytest.mark.parametrize("mode", ["strict", "fast"])
def test_resumable_is_refused_where_it_would_repeat_an_effect(server: Server, flavour: str, mode: str) -> None:
    """For a run that is an order itself, and in fast mode, where it could not be kept."""
    prepare_store(server.url)
    guard = guard_of(flavour, server.url, settings=GuardSettings(mode=Mode(mode)))
    with pytest.raises(JobError, match="resumable"):
        guard.begin("a", KEY, resumable=True, effect_type="order" if mode == "strict" else "job")


def claims(server: Server) -> dict[str, Callable[[], bool]]:
    """Return, by façade, how the order 42 is claimed and held through it; each says whether it was let."""
    engine = SideEffectWrapper(server.url, settings=SETTINGS)
    facade = SideEffectGuard(engine)
    entity = "order/intent/42"
    return {
        "SideEffectWrapper": lambda: (
            engine.execute_once("order", entity, lambda claim: 1, payload={}).outcome is Outcome.EXECUTED
        ),
        "side_effect_guard": lambda: facade.order(entity, lambda claim: 1, payload={}).outcome is Outcome.EXECUTED,
        "RetryGuard": lambda: (
            guard_of("sync", server.url).begin("a", entity, effect_type="order", payload={}).decision
            is RunDecision.RUN
        ),
        "AsyncRetryGuard": lambda: (
            guard_of("async", server.url).begin("a", entity, effect_type="order", payload={}).decision
            is RunDecision.RUN
        ),
        "AsyncSideEffectGuard": lambda: asyncio.run(order_of(server.url, entity)),
    }


async def order_of(url: str, entity: str) -> bool:
    """Place the order through the asyncio façade."""
    async with AsyncSideEffectGuard(url, settings=SETTINGS) as guard:
        return (await guard.order(entity, lambda claim: 1, payload={})).outcome is Outcome.EXECUTED


@pytest.mark.parametrize(
    "first", ["SideEffectWrapper", "side_effect_guard", "RetryGuard", "AsyncRetryGuard", "AsyncSideEffectGuard"]
)
def test_claim_through_one_facade_is_refused_by_the_others(server: Server, first: str) -> None:
    """Same effect type and entity: one engine, one record."""
    prepare_store(server.url)
    ways = claims(server)
    assert ways[first]()
    assert not any(way() for way in ways.values())


def test_guarded_job_never_blocks_its_own_order(server: Server, guard: Face) -> None:
    """The job's run and its effects have records of their own, even where they are named alike."""
    run = guard.begin("a", KEY).run
    with SideEffectGuard(server.url, settings=SETTINGS) as effects:
        answers = [
            way(f"{name}:{KEY}" if name != "order" else KEY, lambda claim: 1, payload={})
            for name, way in (
                ("order", effects.order),
                ("position", effects.position),
                ("ledger", effects.ledger),
                ("pnl", effects.pnl),
                ("signal", effects.signal),
            )
        ]
    assert [answer.outcome for answer in answers] == [Outcome.EXECUTED] * 5
    assert [str(answer.effect_type) for answer in answers] == ["order", "position", "ledger", "pnl", "signal"]
    assert guard.done(run).outcome is Outcome.EXECUTED


def test_force_never_passes_the_guard(server: Server, guard: Face) -> None:
    """A forced retry of a job that is done, runs or is in doubt is allowed by the policy, and stopped here."""
    guard.done(guard.begin("a", "done").run)
    guard.begin("a", "running")
    guard.unknown(guard.begin("a", "doubt").run, "lost")
    who = Override(actor="ann", reason="hurry")
    with RetryPolicy(server.url, guard=SETTINGS, audit=Book()) as policy:
        for key in ("done", "running", "doubt"):
            assert policy.acquire(key, force=who).allowed
            assert guard.begin("a", key).decision is not RunDecision.RUN


def test_key_travels_in_the_metadata(guard: Face) -> None:
    """Written once and saved; a retry under another key is refused before anything is claimed."""
    job = Job()
    assert guard.should_execute(job, KEY)
    assert (job.meta, job.saved) == ({"idempotency_key": KEY}, 1)
    guard.mark_failure(job, ConnectionRefusedError())
    assert guard.should_execute(job, KEY)
    assert job.saved == 1
    with pytest.raises(JobError, match="runs under"):
        guard.begin(job, "another")
    plain = {"id": "b", "meta": {}}
    assert guard.should_execute(plain, "another")
    assert plain["meta"] == {"idempotency_key": "another"}


def test_store_that_is_no_use_is_no_skip(server: Server, flavour: str) -> None:
    """A job must not count as done because Redis was away or unprepared, or its key is another's."""
    guard = guard_of(flavour, server.url)
    with pytest.raises(RunRefusedError) as refused:
        guard.should_execute("a", KEY)
    assert refused.value.answer.outcome is Outcome.REFUSED_STORE_UNSAFE
    with pytest.raises(RunRefusedError, match="UNAVAILABLE"):
        guard_of(flavour, "redis://127.0.0.1:1").should_execute("a", KEY)
    prepare_store(server.url)
    guard.begin("a", KEY, payload={"order": 1})
    with pytest.raises(RunRefusedError, match="CONFLICT"):
        guard.begin("a", KEY, payload={"order": 2})


def test_old_job_is_unknown_and_not_run_anew(server: Server, guard: Face) -> None:
    """Beyond the memory of the guard "never seen" and "done long ago" look alike."""
    made = server.client().time()[0] - 4 * 86400
    assert guard.begin("a", KEY, minted_at=made).decision is RunDecision.UNKNOWN


def test_disabled_guard_says_that_it_guards_nothing(flavour: str) -> None:
    """Never silent: the run says so, and so does its end."""
    guard = guard_of(flavour, "redis://127.0.0.1:1", settings=GuardSettings(enabled=False))
    run = guard.begin("a", KEY).run
    assert run.bypassed == "the guard is disabled"
    assert guard.done(run, 1).outcome is Outcome.BYPASSED


def test_end_without_a_beginning_is_an_error(guard: Face) -> None:
    """Nothing is marked done that was not let run here."""
    with pytest.raises(NoRunError):
        guard.mark_success("a", 1)
    assert guard.should_execute("a", KEY)
    guard.mark_success("a", 1)
    with pytest.raises(NoRunError):
        guard.mark_success("a", 1)
    with pytest.raises(FailureError, match="expected an exception"):
        guard.not_done(guard.begin("a", "another").run, None)


def test_run_may_be_ended_in_another_thread(guard: Face) -> None:
    """Where it is the only one of its job."""
    assert guard.should_execute("a", KEY)
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(guard.mark_success("a", 1)))
    thread.start()
    thread.join()
    assert [answer.outcome for answer in answers] == [Outcome.EXECUTED]


def test_two_runs_of_one_job_are_never_taken_for_each_other(server: Server, guard: Face) -> None:
    """The token is the run's and not the job's: one that wakes late does not end the other's run."""
    late = guard.begin("a", KEY, resumable=True).run
    advance(server, LEASE_S + 1)
    fresh = guard.begin("a", KEY, resumable=True).run
    assert guard.done(late, "late").outcome is Outcome.EXECUTED_FENCED
    assert guard.begin("b", KEY).decision is RunDecision.IN_PROGRESS
    assert guard.done(fresh, "fresh").outcome is Outcome.EXECUTED
    assert guard.begin("b", KEY).result == "fresh"


def test_every_decision_is_counted(server: Server, flavour: str) -> None:
    """Refusals and endings reach the hook."""
    prepare_store(server.url)
    seen: list[Outcome] = []
    guard = guard_of(flavour, server.url, on_decision=lambda answer: seen.append(answer.outcome))
    run = guard.begin("a", KEY).run
    guard.begin("b", KEY)
    guard.done(run)
    guard.begin("b", KEY)
    assert seen == [Outcome.IN_PROGRESS, Outcome.EXECUTED, Outcome.REPLAYED]


@pytest.mark.parametrize("parts", [("", 1), ("a:b", 1), ("act", ""), ("act", None), ("act", True), (7, 1)])
def test_key_without_action_or_business_id_is_refused(parts: tuple[Any, Any]) -> None:
    """A key that two jobs could share by mistake."""
    with pytest.raises(JobError, match="action"):
        job_idempotency_key(*parts)


def test_not_found_lets_an_unfinished_run_go_again(server: Server, guard: Face) -> None:
    """The reconciler's other word: nothing happened, and nothing can happen any more."""
    guard.begin("a", KEY)
    advance(server, LEASE_S + LIFE_S + 2)
    assert guard.begin("a", KEY).decision is RunDecision.UNKNOWN
    with SideEffectWrapper(server.url, settings=SETTINGS) as engine:
        reconciler = Reconciler(engine, {EffectType.JOB: lambda record: NotFound()})
        assert reconciler.reconcile("job", job_entity_id(KEY)).resolution is Resolution.FAILED
    assert guard.begin("a", KEY).decision is RunDecision.RUN
