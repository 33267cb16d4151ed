"""A guard with threads of its own: when they wake is a matter of the schedule, never of the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unittest import mock

import pytest

from harness.explorer.proxy import program
from harness.explorer.proxy.tests.clients import REDIS_PY, async_guard
from harness.explorer.proxy.tests.held import explore_held, run_held, written
from harness.explorer.tests.exploring import NEEDS_CLOCK
from harness.explorer.tests.probes import answers
from harness.explorer.world.setting import JUMP_LEASES, LEASE_S
from verify.history.words import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from harness.explorer.world.world import World
    from harness.redis_server.server import RedisServer

GUARD = """
import queue, select, signal, threading, time
import redis

def busy():
    for _ in range(3_000_000):
        pass

def make(redis_url, lease_s):
    client = redis.Redis.from_url(redis_url)
    script = client.register_script("return redis.call('PEXPIRE', KEYS[1], ARGV[1])")

    def guard(key, payload, effect):
        client.set(key, "held", px=int(lease_s * 1000))
        stop = threading.Event()

        def after(seconds, command, *words, slowly=False):
            if not stop.wait(seconds):
                if slowly:
                    busy()
                command(*words)

        def behind(work, *arguments, **more):
            thread = threading.Thread(target=work, args=arguments, kwargs=more)
            thread.start()
            return thread

        {body}

    return guard

make.promise = "mutual_exclusion"
"""
SLOW_TO_WAIT = """
        def renew():
            busy()
            after(200, client.pexpire, key, int(lease_s * 1000))
        thread = behind(renew)
        receipt = effect(payload)
        stop.set()
        thread.join()
        return receipt
"""
"""A thread that is at its wait long after its process waits for the receipt."""


def guard(folder: Path, body: str) -> str:
    """Write the guard that does *body* while it holds its key; return the name of the subject."""
    return written(folder, GUARD.replace("{body}", body.strip()))


def aside(world: World) -> list[tuple[str, str]]:
    """Return what threads sent while their process was held, with the answers."""
    told = (step for step in world.trace.steps if step.outcome.endswith(" (in the background)"))
    return [(step.name, step.outcome.partition(" (")[0]) for step in told]


@NEEDS_CLOCK
def test_time_moves_when_every_thread_waits(redis_server: RedisServer, tmp_path: Path) -> None:
    """A renewal at two thirds of the lease is in time, however late its thread has come to run."""
    world = run_held(redis_server, guard(tmp_path, SLOW_TO_WAIT), "w0", "advance")
    assert aside(world) == [("PEXPIRE", "1")]


@NEEDS_CLOCK
def test_nobody_is_alike_once_a_thread_has_acted(redis_server: RedisServer, tmp_path: Path) -> None:
    """What it did was no decision, so that nobody knows who could still be told apart."""
    world = run_held(redis_server, guard(tmp_path, SLOW_TO_WAIT), "w0", "advance", workers=3)
    assert aside(world)
    assert [node.alike for node in world.path[:2]] == [(("w1", "w0"), ("w2", "w0")), (("w2", "w1"),)]
    assert not any(node.alike for node in world.path[2:])


@NEEDS_CLOCK
def test_threads_wake_one_after_the_other_as_they_are_due(redis_server: RedisServer, tmp_path: Path) -> None:
    """Both are due within one leg of a jump: neither who began first counts, nor who is quicker."""
    body = """
        threads = [behind(after, 260, client.incr, key + ":n"), behind(after, 200, client.get, key, slowly=True)]
        effect(payload)
        stop.set()
        [thread.join() for thread in threads]
"""
    world = run_held(redis_server, guard(tmp_path, body), "w0", "advance")
    assert aside(world) == [("GET", "string"), ("INCRBY", "1")]


@NEEDS_CLOCK
@pytest.mark.parametrize("jumps", [False, True], ids=["no-jump", "jump"])
def test_no_wait_ends_in_real_time(jumps: bool, redis_server: RedisServer, tmp_path: Path) -> None:
    """However short: it ends with a jump, once in each leg that its time falls into, and not without one."""
    body = """
        def beat():
            while not stop.wait(0.000_001):
                client.incr(key + ":n")
        thread = behind(beat)
        busy()
        effect(payload)
        stop.set()
        thread.join()
"""
    world = run_held(redis_server, guard(tmp_path, body), "w0", *(["advance"] if jumps else []))
    assert aside(world) == ([("INCRBY", str(count)) for count in range(1, 5)] if jumps else [])


@NEEDS_CLOCK
@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("time.sleep", [True, "1"]),
        ("wait", [False, None]),
        ("join", [True, None]),
        ("queue", ["Empty", None]),
    ],
)
def test_process_that_waits_for_its_threads_goes_on(
    body: str, told: list[object], redis_server: RedisServer, tmp_path: Path
) -> None:
    """A sleep of a thread ends when nobody else can move, and so does the time that its process gives it."""
    bodies = {
        "time.sleep": """
        thread = behind(lambda: (time.sleep(5), client.incr(key + ":n")))
        thread.join()
        return [not thread.is_alive(), client.get(key + ":n").decode()]
""",
        "wait": "return [stop.wait(7), None]",
        "join": """
        thread = behind(stop.wait)
        thread.join(7)
        alive = thread.is_alive()
        stop.set()
        thread.join(7)
        return [alive and not thread.is_alive(), None]
""",
        "queue": """
        try:
            return queue.Queue().get(timeout=7)
        except queue.Empty:
            return ["Empty", None]
""",
    }
    world = run_held(redis_server, guard(tmp_path, bodies[body]))
    assert answers(world.trace.events)["w0"] == told


@NEEDS_CLOCK
def test_clock_moves_by_the_jump_alone(redis_server: RedisServer, tmp_path: Path) -> None:
    """At every look it is the machine's and the jump; a clock that goes back lets waits begin that are over."""
    body = f"""
        looks = []
        client.get(key)
        for _ in range(2000):
            before = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
            seen = time.monotonic_ns() - {int(LEASE_S * JUMP_LEASES * 1e9)}
            looks.append(before <= seen <= time.clock_gettime_ns(time.CLOCK_MONOTONIC))
        return all(looks)
"""
    world = run_held(redis_server, guard(tmp_path, body), "w0", "advance")
    assert answers(world.trace.events)["w0"] is True


@NEEDS_CLOCK
def test_paused_threads_see_the_time_when_they_come_back(redis_server: RedisServer, tmp_path: Path) -> None:
    """What is due then happens before anything else is decided."""
    world = run_held(redis_server, guard(tmp_path, SLOW_TO_WAIT), "w0", "w0!pause")
    steps = [(step.process, step.name) for step in world.trace.steps]
    back = steps.index(("w0", "PEXPIRE"))
    assert steps[back - 1 : back + 2] == [("r1", "effect"), ("w0", "PEXPIRE"), ("w0", "effect")]


@NEEDS_CLOCK
def test_signal_that_comes_to_nothing_is_sent_again(
    redis_server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that comes just before a system call wakes nobody, as where the call begins anew after a pause."""
    send = program.Program.signal
    lost: list[int] = []

    def lose_the_first(process: program.Program, number: int) -> None:
        if number == program.TIME_MOVED and not lost:
            lost.append(number)
        else:
            send(process, number)

    monkeypatch.setattr(program.Program, "signal", lose_the_first)
    world = run_held(redis_server, guard(tmp_path, SLOW_TO_WAIT), "w0", "w0!pause")
    assert lost
    assert ("w0", "PEXPIRE") in [(step.process, step.name) for step in world.trace.steps]


@NEEDS_CLOCK
def test_script_that_a_thread_meets_unknown_is_loaded_first(redis_server: RedisServer, tmp_path: Path) -> None:
    """As with everybody's scripts: what a server has cached is no part of a schedule."""
    body = SLOW_TO_WAIT.replace("client.pexpire, key, int(lease_s * 1000)", "script, [key], [int(lease_s * 1000)]")
    world = run_held(redis_server, guard(tmp_path, body), "w0", "advance")
    assert aside(world) == [("EVALSHA", "1")]


@NEEDS_CLOCK
def test_time_moves_at_every_step_of_an_event_loop(redis_server: RedisServer, tmp_path: Path) -> None:
    """Also where the loop has said that it has nothing to do, and its command is held: that is read once."""
    body = """
        for _ in range(4):
            counted = await client.incr(key)
        return counted
"""
    explored = explore_held(
        redis_server, tmp_path, written(tmp_path, async_guard(REDIS_PY, body, limit_s=None)), "advance"
    )
    assert explored.record.exhausted, explored.record.reason
    assert {answers(events)["w0"] for events in explored.histories.values()} == {4}


@NEEDS_CLOCK
def test_thread_that_never_rests_is_named(redis_server: RedisServer, tmp_path: Path) -> None:
    """No time passes while it sends: that shows nothing of the guard."""
    body = """
        def flood():
            stop.wait(200)
            while not stop.is_set():
                client.get(key)
        behind(flood)
        return effect(payload)
"""
    with mock.patch.object(program, "_MOST_ASIDE", 10):
        explored = explore_held(redis_server, tmp_path, guard(tmp_path, body), "advance")
    assert "sends 10 commands in a row while its process is held" in explored.record.reason
    assert explored.judge().verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("wait", "call"),
    [("held.acquire()", ""), ("held.acquire(timeout=500)", "futex"), ("select.select([], [], [], 500)", "select")],
)
def test_real_time_of_a_thread_is_named(wait: str, call: str, redis_server: RedisServer, tmp_path: Path) -> None:
    """It would wake at any time: nothing is shown, and the reason says where it waits. Without a limit it may."""
    body = f"""
        held = threading.Lock()
        held.acquire()
        behind(lambda: {wait})
        return effect(payload)
"""
    explored = explore_held(redis_server, tmp_path, guard(tmp_path, body))
    if not call:
        assert explored.record.reason == ""
        return
    assert "one waits with a limit in real time (" in explored.record.reason
    assert call in explored.record.reason
    assert explored.judge().verdict is Verdict.UNKNOWN


def test_signals_of_the_harness_reach_the_main_thread(redis_server: RedisServer, tmp_path: Path) -> None:
    """One that another thread takes interrupts nothing that the main one waits in: nobody would ever act on it."""
    body = """
        masks = []
        thread = behind(lambda: masks.append(signal.pthread_sigmask(signal.SIG_BLOCK, ())))
        thread.join()
        return sorted(number - signal.SIGRTMIN for number in masks[0])
"""
    world = run_held(redis_server, guard(tmp_path, body))
    assert answers(world.trace.events)["w0"] == [5, 6]
