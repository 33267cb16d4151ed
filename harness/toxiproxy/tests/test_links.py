"""Toxics come and go while bytes flow: none is lost, none comes twice, none changes places, nothing hangs.

Toxiproxy 2.12 can hang when a toxic is removed from a connection whose reader is slow, so this is asked of ours only.
"""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from harness.seed import stream
from harness.toxiproxy.server import open_toxiproxy
from harness.toxiproxy.tests.route import LONGEST_S, exchange, receive, routed

if TYPE_CHECKING:
    import random
    import socket
    from collections.abc import Iterator

    from harness.toxiproxy.client import ProxyHandle
    from harness.toxiproxy.tests.route import Route

_PART, _CHANGES = 100_000, 60
_GENTLE = {
    "latency": {"latency": 3, "jitter": 2},
    "bandwidth": {"rate": 20_000},
    "slicer": {"average_size": 3_000, "size_variation": 500, "delay": 10},
    "slow_close": {"delay": 5},
    "limit_data": {"bytes": 1_000_000_000},
    "noop": {},
}


@pytest.mark.parametrize("loop", ["asyncio", "fastest"])
def test_bytes_survive_every_change_of_toxics(seed: int, loop: str) -> None:
    """A part each way, a change, sixty times; both readers get exactly what was sent, then the end."""
    size = _PART * _CHANGES
    draws = stream(seed, "changes")
    with open_toxiproxy(run_seed=seed, loop=loop) as server, routed(server.client) as route:
        near, far = route.open()
        with ThreadPoolExecutor(2) as readers:
            at_far, at_near = readers.submit(receive, far, size), readers.submit(receive, near, size)
            sent = [b"", b""]
            for _ in range(_CHANGES):
                for which, sender in enumerate((near, far)):
                    part = draws.randbytes(_PART)
                    sender.sendall(part)
                    sent[which] += part
                _change(route.proxy, draws)
            server.client.reset()
            assert at_far.result() == sent[0]
            assert at_near.result() == sent[1]
        near.close()
        assert far.recv(1) == b""


@pytest.fixture(params=["asyncio", "fastest"])
def held(request: pytest.FixtureRequest) -> Iterator[Route]:
    """Yield a route through which a toxic that lets all pass stands upstream, on either event loop."""
    with open_toxiproxy(loop=request.param) as server, routed(server.client) as route:
        route.proxy.add_toxic(type="noop", stream="upstream", name="first")
        yield route


def test_toxic_goes_on_when_the_one_behind_it_is_removed(held: Route) -> None:
    """It waits because the next one takes nothing; then there is no next one."""
    near, far = held.open()
    held.proxy.add_toxic(type="bandwidth", stream="upstream", attributes={"rate": 0})
    sent = _fill(near)
    held.proxy.destroy_toxic("bandwidth_upstream")
    assert len(receive(far, sent)) == sent


def test_toxics_go_on_when_the_reader_does(held: Route) -> None:
    """Both wait for a reader: the one that was there, and one that came meanwhile."""
    near, far = held.open()
    sent = _fill(near)
    held.proxy.add_toxic(type="noop", stream="upstream", name="second")
    assert len(receive(far, sent)) == sent
    exchange(near, far)


def _fill(end: socket.socket) -> int:
    """Send until nothing more is taken for a while; return how many bytes were."""
    sent = 0
    end.settimeout(0.3)
    with contextlib.suppress(TimeoutError):
        while True:
            sent += end.send(b"." * _PART)
    end.settimeout(LONGEST_S)
    return sent


def _change(proxy: ProxyHandle, draws: random.Random) -> None:
    """Add a toxic that loses nothing, change one, or take one away."""
    kind, direction = draws.choice(sorted(_GENTLE)), draws.choice(["upstream", "downstream"])
    name = f"{kind}_{direction}"
    if proxy.get_toxic(name) is None:
        proxy.add_toxic(type=kind, stream=direction, attributes=_GENTLE[kind])
    elif draws.random() < 0.5:
        proxy.update_toxic(name, toxicity=draws.choice([0.0, 0.5, 1.0]))
    else:
        proxy.destroy_toxic(name)
