"""What holds for every injection: order of healing, errors, interruption, wrong arguments."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import redis

from harness.errors import CouldNotRunError, WrongInputError
from harness.nemesis import eviction
from harness.nemesis.evidence import STOPPED
from harness.nemesis.fault import ANY, Injection, RealFault
from harness.nemesis.registry import ALL, find
from harness.nemesis.site import Site
from harness.nemesis.tests.sites import KEY, one_server, one_worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ROOT = Path(__file__).resolve().parents[3]
_INTERRUPTED = """
from harness import clock
from harness.interruption import heeding_signals, stop_if_asked
from harness.nemesis import server_pause
from harness.processes.child import process_state
from harness.nemesis.site import Site
from harness.redis_server.server import RedisServer
with heeding_signals(), RedisServer() as server:
    try:
        with server_pause.inject(Site(server=server)) as strike:
            print(strike.witness(), flush=True)
            while True:
                stop_if_asked()
                clock.pause_s(0.001)
    except KeyboardInterrupt:
        print(process_state(server.pid), server.client().ping())
"""
WRONG: dict[str, dict[str, Any]] = {
    "aof_tail_cut": {"writes": 0},
    "aof_corrupt": {"writes": 0},
    "loading": {"longest_s": 0},
    "clock_jump": {"seconds": -1},
    "worker_kill": {"at": "lunch"},
    "partition_workers": {"direction": "sideways"},
    "partition_replica": {"direction": "sideways"},
    "command_reply_lost": {"nth": 0},
    "replies_lost": {"every": 0},
    "venue_failing": {"requests": 0},
    "latency": {"milliseconds": 0},
    "jitter": {"milliseconds": 4, "jitter_milliseconds": 5},
    "bandwidth": {"stream": "sideways"},
    "slicing": {"microseconds": 1},
    "reset": {"milliseconds": -1},
    "eviction": {"policy": "noeviction"},
    "disk_full": {"kilobytes": 1},
    "output_buffer_cut": {"limit": 0},
    "slow_command": {"silent_ms": 0},
}
"""For each fault with arguments of its own, one that makes no sense."""


@pytest.fixture(scope="module")
def everything() -> Iterator[Site]:
    """Yield a site that has what any fault with a wrong argument needs."""
    with one_worker(appendonly=True) as site:
        site.replication = site.proxy
        site.the_server.client().set(KEY, "there")
        yield site


def _fault(strike: Callable[[], object], *heal: Callable[[], object]) -> RealFault[[]]:
    said = dict.fromkeys(("name", "what", "witness", "demand", "heals", "blast_radius"), "made up")
    return RealFault(
        needs=frozenset(), providers=ANY, plan=lambda _site: Injection(strike=strike, look=str, heal=heal), **said
    )


def test_every_step_of_healing_runs_last_to_first() -> None:
    """One that fails keeps none of the others from running, and is told of."""
    done: list[str] = []

    def fail() -> None:
        done.append("second")
        raise redis.ConnectionError("gone")

    fault = _fault(lambda: None, lambda: done.append("first"), fail, lambda: done.append("third"))
    with pytest.raises(CouldNotRunError, match=r"Healed made up: .* saw ConnectionError: gone"), fault.inject(Site()):
        pass
    assert done == ["third", "second", "first"]


def test_an_injection_that_fails_half_way_is_healed() -> None:
    """What was begun is undone, and the block is never entered."""
    done: list[str] = []

    def fail() -> None:
        done.append("half")
        raise OSError("no more")

    fault = _fault(fail, lambda: done.append("healed"))
    with pytest.raises(CouldNotRunError, match=r"Injected made up: .* saw OSError"), fault.inject(Site()):
        done.append("inside")
    assert done == ["half", "healed"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_fault_is_healed_when_the_user_stops_the_run(number: signal.Signals) -> None:
    """Ctrl-C or SIGTERM inside the block: the server that was stopped goes on before anything else happens."""
    with subprocess.Popen(
        [sys.executable, "-c", _INTERRUPTED], stdout=subprocess.PIPE, cwd=_ROOT, text=True
    ) as process:
        assert process.stdout is not None
        assert "is stopped" in process.stdout.readline()
        process.send_signal(number)
        state, answered = process.stdout.readline().split()
    assert state != STOPPED
    assert answered == "True"


def test_every_argument_has_a_wrong_value_to_try() -> None:
    """A new fault with arguments of its own is tried with a wrong one, unless it takes a function."""
    checked = {
        name
        for name, fault in ALL.items()
        if any(not callable(argument.default) for argument in fault.arguments.values())
    }
    assert checked == WRONG.keys()


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_argument_is_one_line_and_changes_nothing(name: str, everything: Site) -> None:
    """The line names the fault, the argument and what is expected."""
    (argument,) = list(WRONG[name])[-1:]
    with (
        pytest.raises(WrongInputError, match=f"^{name}: {argument} must be .* not "),
        find(name).inject(everything, **WRONG[name]),
    ):
        pass
    assert everything.the_proxy.toxics() == {}
    assert everything.the_server.client().exists(KEY)


def test_a_fault_that_nobody_knows_is_named() -> None:
    """The line lists those that there are."""
    with pytest.raises(WrongInputError, match="unknown real fault 'thunder'; expected one of: server_kill, "):
        find("thunder")


def test_a_key_that_no_policy_can_evict_is_told_of() -> None:
    """A volatile policy never picks a key without a time to live, and no policy one that is not there."""
    with one_server() as site:
        with pytest.raises(CouldNotRunError, match="no time to live"), eviction.inject(site, policy="volatile-lru"):
            pass
        site.key = "absent"
        with pytest.raises(CouldNotRunError, match="absent: it is not there"), eviction.inject(site):
            pass
        assert site.the_server.client().exists(KEY)
