"""Threads, tasks, forks and dead connections: one effect, whoever calls from wherever."""

from __future__ import annotations

import asyncio
import os
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from safety_core.idempotency import AsyncSideEffectWrapper, GuardResult, Outcome, RecordState, SideEffectWrapper
from safety_core.tests.guards import PAYLOAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from safety_core.tests.guards import Guard
    from safety_core.tests.servers import Server

CALLERS = 8


@pytest.fixture
def wrapper(server: Server) -> Any:
    """Yield a blocking guard on a prepared server."""
    with SideEffectWrapper(server.url) as wrapper:
        wrapper.prepare()
        yield wrapper


def test_one_of_many_threads_runs_the_effect(wrapper: SideEffectWrapper) -> None:
    """All start together on one guard; one executes, nobody else does."""
    runs: list[int] = []
    answers: list[GuardResult] = []
    together = threading.Barrier(CALLERS)

    def call() -> None:
        together.wait(10)
        answers.append(wrapper.execute_once("order", "one", lambda claim: runs.append(1), payload=PAYLOAD))

    threads = [threading.Thread(target=call) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    counted = Counter(answer.outcome for answer in answers)
    assert len(runs) == counted[Outcome.EXECUTED] == 1
    assert counted[Outcome.EXECUTED] + counted[Outcome.IN_PROGRESS] + counted[Outcome.REPLAYED] == CALLERS


def test_one_of_many_tasks_runs_the_effect(server: Server, wrapper: SideEffectWrapper) -> None:
    """The asyncio guard serves many tasks of one loop."""

    async def call_together() -> list[GuardResult]:
        async with AsyncSideEffectWrapper(server.url) as guard:

            async def effect(claim: Any) -> int:
                await asyncio.sleep(0)
                return 1

            calls = [guard.execute_once("order", "one", effect, payload=PAYLOAD) for _ in range(CALLERS)]
            return await asyncio.gather(*calls)

    counted = Counter(answer.outcome for answer in asyncio.run(call_together()))
    assert counted[Outcome.EXECUTED] == 1


def test_forked_child_does_not_share_a_connection(wrapper: SideEffectWrapper) -> None:
    """Parent and child speak to the store at the same time, each on its own connection."""
    wrapper.execute_once("order", "before", lambda claim: None, payload=PAYLOAD)
    child = os.fork()
    if child == 0:
        answers = [
            wrapper.execute_once("order", f"child {n}", lambda claim: None, payload=PAYLOAD) for n in range(20)
        ]
        os._exit(0 if all(answer.outcome is Outcome.EXECUTED for answer in answers) else 1)
    answers = [wrapper.execute_once("order", f"parent {n}", lambda claim: None, payload=PAYLOAD) for n in range(20)]
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert {answer.outcome for answer in answers} == {Outcome.EXECUTED}


def test_idle_connection_that_died_costs_the_one_repeat_and_no_answer(guard: Guard, server: Server) -> None:
    """A firewall that cut the idle connection is not the caller's problem."""
    guard.once("before")
    client: Any = server.client()
    client.client_kill_filter(_type="normal", skipme=True)
    assert guard.once().outcome is Outcome.EXECUTED


def test_server_that_forgot_its_scripts_is_taught_again(guard: Guard, server: Server) -> None:
    """SCRIPT FLUSH, failover and restart lose scripts; NOSCRIPT is answered with the text."""
    guard.once("before")
    server.client().script_flush()
    assert guard.once().outcome is Outcome.EXECUTED


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_interruption_of_an_effect_passes_through_and_writes_nothing(
    guard: Guard, server: Server, stop: type[BaseException]
) -> None:
    """Nobody knows how far the effect came, so that nothing is claimed about it."""

    def interrupted(claim: Any) -> Any:
        raise stop

    with pytest.raises(stop):
        guard.once(effect=interrupted)
    client: Any = server.client()
    assert client.hget("idempotency:default:default:1:intent-1", "s") in {b"S", "S"}


def test_cancelled_task_leaves_a_started_record(server: Server, wrapper: SideEffectWrapper) -> None:
    """Cancelling is not an answer of the effect."""

    async def cancel_in_mid_effect() -> None:
        begun = asyncio.Event()

        async def effect(claim: Any) -> None:
            begun.set()
            await asyncio.Event().wait()

        async with AsyncSideEffectWrapper(server.url) as guard:
            task = asyncio.create_task(guard.execute_once("order", "one", effect, payload=PAYLOAD))
            await begun.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(cancel_in_mid_effect())
    answer = wrapper.execute_once("order", "one", lambda claim: None, payload=PAYLOAD)
    assert answer.outcome is Outcome.IN_PROGRESS
    assert answer.record is not None
    assert answer.record.state is RecordState.STARTED


def test_lease_that_ends_on_the_holders_own_clock_stops_it(wrapper: SideEffectWrapper) -> None:
    """A process that was frozen after START notices before it sends."""
    clock = iter([0.0, wrapper.settings.lease_s])
    wrapper.terms.clock = lambda: next(clock, 0.0)
    runs: list[int] = []
    answer = wrapper.execute_once("order", "one", lambda claim: runs.append(1), payload=PAYLOAD)
    assert (answer.outcome, runs) == (Outcome.LEASE_LOST_BEFORE_EFFECT, [])
    again = wrapper.execute_once("order", "one", lambda claim: runs.append(1), payload=PAYLOAD)
    assert (again.outcome, runs) == (Outcome.EXECUTED, [1])


def test_callers_pool_and_its_retries_are_not_used(server: Server, make_guard: Callable[..., Guard]) -> None:
    """From a client only the address is taken."""
    make_guard()
    client = server.client()
    with SideEffectWrapper(client) as wrapper:
        before = client.info("clients")
        assert wrapper.execute_once("order", "one", lambda claim: None, payload=PAYLOAD).executed
        after = client.info("clients")
    assert int(after["connected_clients"]) == int(before["connected_clients"]) + 1
