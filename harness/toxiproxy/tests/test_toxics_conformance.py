"""Each toxic bites and heals, measured, on either server. What takes time is compared with its lower bound only."""

from __future__ import annotations

import contextlib
import errno
import socket
from typing import TYPE_CHECKING

import pytest

from harness.toxiproxy.tests.route import exchange, receive, seconds, stays_silent

if TYPE_CHECKING:
    from harness.toxiproxy.server import ToxiproxyServer
    from harness.toxiproxy.tests.route import Route

_EARLY_S = 0.002
"""By so much a timer may be early: clocks of two processes, rounded to milliseconds."""


@pytest.mark.parametrize("chained", [False, True], ids=["bare", "chained"])
def test_bytes_pass_unchanged_both_ways(route: Route, *, chained: bool) -> None:
    """100 KB each way without toxics, and through three on each side."""
    near, far = route.open()
    data = bytes(range(256)) * 400
    for stream in ("upstream", "downstream") if chained else ():
        route.proxy.add_toxic(type="noop", stream=stream)
        route.proxy.add_toxic(type="latency", stream=stream, attributes={"latency": 5})
        sizes = {"average_size": 4096, "size_variation": 512}
        route.proxy.add_toxic(type="slicer", stream=stream, attributes=sizes)
    for sender, receiver in ((near, far), (far, near)):
        sender.sendall(data)
        assert receive(receiver, len(data)) == data


@pytest.mark.parametrize("stream", ["upstream", "downstream"])
def test_latency_delays_one_direction(route: Route, stream: str) -> None:
    """On a connection that was open before; the other direction is as it was; removing it heals."""
    near, far = route.open()
    exchange(near, far)
    sender, receiver = (near, far) if stream == "upstream" else (far, near)
    with route.proxy.toxic("latency", stream=stream, latency=200):
        sender.sendall(b"late")
        receiver.sendall(b"soon")
        assert receive(sender, 4) == b"soon"
        assert stays_silent(receiver, 0.05)
        assert receive(receiver, 4) == b"late"
        sender.sendall(b"x")
        assert seconds(lambda: receive(receiver, 1)) >= 0.2 - 0.05
    exchange(near, far)


def test_latency_counts_from_arrival(route: Route) -> None:
    """Ten chunks one after the other are late once, not ten times, and keep their order."""
    near, far = route.open()
    exchange(near, far)
    near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    route.proxy.add_toxic(type="latency", stream="upstream", attributes={"latency": 400})

    def ten() -> None:
        for digit in b"0123456789":
            near.sendall(bytes([digit]))
            assert stays_silent(far, 0.005)
        assert receive(far, 10) == b"0123456789"

    assert 0.4 - _EARLY_S <= seconds(ten) < 4.0


def test_jitter_moves_the_delay(route: Route) -> None:
    """Latency 150 with jitter 120: no chunk takes less than 30 ms, and soon one takes less than without jitter."""
    near, far = route.open()
    exchange(near, far)
    route.proxy.add_toxic(type="latency", attributes={"latency": 150, "jitter": 120})
    spent: list[float] = []
    while not spent or (min(spent) >= 0.15 - _EARLY_S and len(spent) < 50):
        spent.append(seconds(lambda: _pass_one(far, near)))
    assert 0.03 - _EARLY_S <= min(spent) < 0.15 - _EARLY_S


def _pass_one(sender: socket.socket, receiver: socket.socket) -> None:
    sender.sendall(b"x")
    assert receive(receiver, 1) == b"x"


def test_held_bytes_pass_when_latency_ends_or_changes(route: Route) -> None:
    """A chunk that waits for a minute is let go by a change of the toxic, and by its removal; in order."""
    near, far = route.open()
    exchange(near, far)
    route.proxy.add_toxic(type="latency", stream="upstream", attributes={"latency": 60_000})
    near.sendall(b"one")
    assert stays_silent(far)
    route.proxy.update_toxic("latency_upstream", attributes={"latency": 0})
    assert receive(far, 3) == b"one"
    route.proxy.update_toxic("latency_upstream", attributes={"latency": 60_000})
    near.sendall(b"two")
    assert stays_silent(far)
    near.sendall(b"three")
    route.proxy.destroy_toxic("latency_upstream")
    assert receive(far, 8) == b"twothree"


def test_bandwidth_limits_the_rate(route: Route) -> None:
    """40 KB at 100 KB/s take 0.4 s, in slices; without the toxic they do not."""
    near, far = route.open()
    exchange(near, far)
    data = b"." * 40_000
    with route.proxy.toxic("bandwidth", rate=100):
        far.sendall(data)
        assert seconds(lambda: receive(near, len(data))) >= 0.3
        far.sendall(data[:5_000])
        assert receive(near, 5_000) == data[:5_000]
    exchange(near, far)


def test_bandwidth_of_nothing_holds_until_removed(route: Route) -> None:
    """Rate 0 is a late write: what waited arrives when the toxic goes."""
    near, far = route.open()
    exchange(near, far)
    route.proxy.add_toxic(type="bandwidth", stream="upstream", attributes={"rate": 0})
    near.sendall(b"held")
    assert stays_silent(far)
    route.proxy.destroy_toxic("bandwidth_upstream")
    assert receive(far, 4) == b"held"
    exchange(near, far)


def test_slow_close_delays_the_end_only(route: Route) -> None:
    """Bytes come at once, the end 200 ms later."""
    near, far = route.open()
    exchange(near, far)
    route.proxy.add_toxic(type="slow_close", attributes={"delay": 200})
    far.sendall(b"last")
    assert receive(near, 4) == b"last"
    far.close()
    assert seconds(lambda: near.recv(1)) >= 0.2 - 0.05


def test_timeout_swallows_and_closes(route: Route) -> None:
    """Nothing passes; after 150 ms both ends see the connection close."""
    near, far = route.open()
    exchange(near, far)
    route.proxy.add_toxic(type="timeout", stream="upstream", attributes={"timeout": 150})
    near.sendall(b"lost")
    assert seconds(lambda: far.recv(1)) >= 0.15 - 0.05
    assert far.recv(1) == b""
    assert near.recv(1) == b""


def test_timeout_of_nothing_is_a_black_hole(route: Route) -> None:
    """It stays open and silent; removing the toxic closes it, and what was swallowed never arrives."""
    near, far = route.open()
    exchange(near, far)
    route.proxy.add_toxic(type="timeout", attributes={"timeout": 0})
    far.sendall(b"lost")
    assert stays_silent(near)
    route.proxy.destroy_toxic("timeout_downstream")
    assert near.recv(1) == b""
    exchange(*route.open())


def test_reset_peer_resets_new_connections(route: Route) -> None:
    """A client that was connected under the toxic is told "connection reset"."""
    route.proxy.add_toxic(type="reset_peer", stream="downstream", attributes={"timeout": 0})
    near, far = route.open()
    far.sendall(b"x")
    with pytest.raises(ConnectionResetError) as caught:
        near.recv(1)
    assert caught.value.errno == errno.ECONNRESET


def test_reset_peer_closes_open_connections_cleanly(route: Route) -> None:
    """As in Toxiproxy: no reset where the connection was there before, and not before the time is over."""
    near, far = route.open()
    exchange(near, far)
    route.proxy.add_toxic(type="reset_peer", attributes={"timeout": 150})
    far.sendall(b"x")
    assert seconds(lambda: near.recv(1)) >= 0.15 - 0.05
    assert near.recv(1) == b""


def test_slicer_slices(route: Route) -> None:
    """100 bytes in pieces of about 10, each 5 ms after the other: they arrive whole, and not at once."""
    near, far = route.open()
    exchange(near, far)
    data = bytes(range(100))
    route.proxy.add_toxic(type="slicer", attributes={"average_size": 10, "size_variation": 2, "delay": 5000})
    far.sendall(data)
    first = near.recv(100)
    assert 0 < len(first) < 100
    assert seconds(lambda: receive(near, 100 - len(first))) >= 0.02
    far.sendall(data)
    assert receive(near, 100) == data


def test_limit_data_lets_so_many_bytes_pass(route: Route) -> None:
    """Ten bytes of twelve arrive, in two pieces, then the connection closes; each connection has its own ten."""
    route.proxy.add_toxic(type="limit_data", stream="upstream", attributes={"bytes": 10})
    for _ in range(2):
        near, far = route.open()
        near.sendall(b"123456")
        assert receive(far, 6) == b"123456"
        near.sendall(b"789012")
        assert receive(far, 12) == b"7890"
        assert near.recv(1) == b""


def test_limit_data_remembers_when_it_is_changed(route: Route) -> None:
    """What passed before a change counts."""
    near, far = route.open()
    exchange(near, far)
    route.proxy.add_toxic(type="limit_data", attributes={"bytes": 100})
    far.sendall(b"12345")
    assert receive(near, 5) == b"12345"
    route.proxy.update_toxic("limit_data_downstream", attributes={"bytes": 8})
    far.sendall(b"67890")
    assert receive(near, 10) == b"678"


def test_down_refuses_and_closes(route: Route) -> None:
    """``enabled: false``: open connections close, new ones are refused; afterwards the same port serves again."""
    near, far = route.open()
    exchange(near, far)
    with route.proxy.down():
        assert near.recv(1) == b""
        with pytest.raises(ConnectionRefusedError):
            route.near()
        far.close()
    exchange(*route.open())


def test_toxicity_decides_for_each_connection(route: Route) -> None:
    """0 strikes none, 1 strikes all, 0.5 some of forty."""
    share = {}
    for toxicity in (0.0, 1.0, 0.5):
        route.proxy.add_toxic(type="limit_data", toxicity=toxicity, attributes={"bytes": 0})
        pairs = [route.open() for _ in range(40 if toxicity == 0.5 else 5)]
        for _near, far in pairs:
            far.sendall(b"x")
        share[toxicity] = sum(near.recv(1) == b"" for near, _far in pairs) / len(pairs)
        route.proxy.destroy_toxic("limit_data_downstream")
    assert (share[0.0], share[1.0]) == (0, 1)
    assert 0 < share[0.5] < 1


def test_dead_upstream_ends_the_connection(toxiproxy: ToxiproxyServer, route: Route) -> None:
    """The client is connected, and then it is not."""
    route.listener.close()
    near = route.near()
    with contextlib.suppress(ConnectionResetError):
        assert near.recv(1) == b""


@pytest.mark.parametrize("held", [False, True], ids=["bare", "held"])
def test_a_reader_that_does_not_read_stops_the_writer(route: Route, *, held: bool) -> None:
    """The proxy does not take in for ever what the other side does not take out."""
    if held:
        route.proxy.add_toxic(type="bandwidth", stream="upstream", attributes={"rate": 0})
    near, _far = route.open()
    near.settimeout(0.3)
    sent = 0
    with contextlib.suppress(TimeoutError):
        while sent < 100_000_000:
            sent += near.send(b"." * 65_536)
    assert sent < 100_000_000


def test_reset_heals_everything(toxiproxy: ToxiproxyServer, route: Route) -> None:
    """``/reset`` takes every toxic away, on open connections too, and brings every proxy up."""
    near, far = route.open()
    exchange(near, far)
    for stream in ("upstream", "downstream"):
        route.proxy.add_toxic(type="bandwidth", stream=stream, attributes={"rate": 0})
        route.proxy.add_toxic(type="latency", stream=stream, attributes={"latency": 60_000})
    near.sendall(b"there")
    assert stays_silent(far)
    toxiproxy.client.reset()
    assert receive(far, 5) == b"there"
    exchange(near, far)
    route.proxy.disable()
    toxiproxy.client.reset()
    exchange(*route.open())
