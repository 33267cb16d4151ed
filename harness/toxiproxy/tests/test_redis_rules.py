"""Rules for Redis commands, on a real Redis: the nth match is struck, and only that one. Embedded server only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import redis

from harness.redis_server.redis_py import make_client
from harness.redis_server.server import RedisServer
from harness.toxiproxy.errors import BadToxiproxyRequestError
from harness.toxiproxy.tests.route import receive, routed, seconds, stays_silent

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from harness.toxiproxy.client import ProxyHandle
    from harness.toxiproxy.server import ToxiproxyServer

_TIMEOUT_S = 0.3
_PING = b"*1\r\n$4\r\nPING\r\n"


@pytest.fixture(scope="module")
def store() -> Iterator[RedisServer]:
    """Yield a server that the tests of this module share; each uses keys of its own."""
    with RedisServer() as server:
        yield server


@pytest.fixture
def proxy(embedded: ToxiproxyServer, store: RedisServer) -> Iterator[ProxyHandle]:
    """Yield a proxy to the store."""
    made = embedded.client.create(f"127.0.0.1:{store.port}", "redis")
    yield made
    made.destroy()


@pytest.fixture
def client(proxy: ProxyHandle) -> Iterator[redis.Redis]:
    """Yield a client through the proxy whose connection is open already, as a fault should find it."""
    with make_client(f"redis://127.0.0.1:{proxy.port}", timeout_s=_TIMEOUT_S) as made:
        made.ping()
        yield made


@pytest.fixture
def direct(store: RedisServer) -> redis.Redis:
    """Return a client that sees the store without a proxy."""
    return store.client()


def _rule(proxy: ProxyHandle, stream: str, **attributes: object) -> str:
    return proxy.add_toxic(type="redis_rule", stream=stream, attributes=attributes).name


def _seen(proxy: ProxyHandle, name: str) -> tuple[int, int]:
    toxic = proxy.get_toxic(name)
    assert toxic is not None
    return toxic.attributes["matched"], toxic.attributes["struck"]


def test_nth_match_is_struck(proxy: ProxyHandle, client: redis.Redis, direct: redis.Redis) -> None:
    """Of four INCRBYs of one key the third is refused; other commands and keys do not count."""
    name = _rule(proxy, "upstream", command="incrby", key="nth:*", nth=3, action="error", message="OOM no memory")
    client.set("nth:a", 0)
    client.incr("other")
    assert [client.incr("nth:a"), client.incr("nth:a")] == [1, 2]
    with pytest.raises(redis.exceptions.OutOfMemoryError, match="no memory"):
        client.incr("nth:a")
    assert client.incr("nth:a") == 3
    assert _seen(proxy, name) == (4, 1)
    assert direct.get("nth:a") == b"3"


@pytest.mark.parametrize("stream", ["upstream", "downstream"])
@pytest.mark.parametrize("action", ["drop", "cut", "error"])
def test_request_and_reply_side(
    proxy: ProxyHandle, client: redis.Redis, direct: redis.Redis, stream: str, action: str
) -> None:
    """A request that is struck was not applied; a reply that is struck was. The client cannot tell which."""
    key = f"side:{stream}:{action}"
    name = _rule(proxy, stream, command="SET", key=key, action=action)
    expected = {
        "drop": redis.exceptions.TimeoutError,
        "cut": redis.exceptions.ConnectionError,
        "error": redis.exceptions.ResponseError,
    }
    with pytest.raises(expected[action]):
        client.set(key, 1)
    assert direct.get(key) == (None if stream == "upstream" else b"1")
    assert _seen(proxy, name) == (1, 1)
    proxy.destroy_toxic(name)
    assert client.set(key, 2) is True
    assert direct.get(key) == b"2"


def test_delay_of_a_reply(proxy: ProxyHandle, client: redis.Redis, direct: redis.Redis) -> None:
    """The delayed reply comes after 150 ms, whole, and the next one is not delayed."""
    _rule(proxy, "downstream", command="GET", action="delay", delay=150)
    direct.set("delay", "x" * 10)
    assert seconds(lambda: client.get("delay")) >= 0.14
    assert client.get("delay") == b"x" * 10


def test_delayed_request_is_applied_late(proxy: ProxyHandle, client: redis.Redis, direct: redis.Redis) -> None:
    """The client gives up and goes, and then the command lands: a late write."""
    name = _rule(proxy, "upstream", command="RPUSH", action="delay", delay=600)
    with pytest.raises(redis.exceptions.TimeoutError):
        client.rpush("late", 1)
    assert direct.exists("late") == 0
    assert _seen(proxy, name) == (1, 1)
    assert direct.blpop(["late"], timeout=4) == (b"late", b"1")


def test_times_and_the_end_of_a_rule(proxy: ProxyHandle, client: redis.Redis) -> None:
    """``times`` strikes so many in a row, 0 all from the nth on; a change counts from nothing."""
    name = _rule(proxy, "upstream", command="PING", nth=2, times=2, action="error")
    assert [_answers(client) for _ in range(5)] == [True, False, False, True, True]
    proxy.update_toxic(name, attributes={"nth": 1, "times": 0})
    assert [_answers(client) for _ in range(3)] == [False, False, False]
    proxy.destroy_toxic(name)
    assert _answers(client)


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.exceptions.ResponseError:
        return False


def test_rule_of_one_connection(proxy: ProxyHandle, client: redis.Redis) -> None:
    """``connection`` counts from 1 at each proxy: the second client is struck, the first is not."""
    _rule(proxy, "upstream", command="PING", connection=2, times=0, action="error")
    with make_client(f"redis://127.0.0.1:{proxy.port}") as second:
        assert _answers(client)
        assert not _answers(second)


def test_toxicity_of_a_rule(proxy: ProxyHandle, client: redis.Redis) -> None:
    """With 0 it is at work on no connection; set to 1 it is."""
    name = proxy.add_toxic(type="redis_rule", toxicity=0, attributes={"command": "PING", "action": "error"}).name
    assert _answers(client)
    assert _seen(proxy, name) == (0, 0)
    proxy.update_toxic(name, toxicity=1)
    assert not _answers(client)


def test_pipeline_answers_stay_in_order(proxy: ProxyHandle, client: redis.Redis, direct: redis.Redis) -> None:
    """An error that a rule puts in place of the second of three commands is the second of three replies."""
    _rule(proxy, "upstream", command="INCRBY", key="pipe", nth=2, action="error", message="BUSY struck")
    with client.pipeline(transaction=False) as pipeline:
        for _ in range(3):
            pipeline.incr("pipe")
        first, second, third = pipeline.execute(raise_on_error=False)
    assert (first, third) == (1, 2)
    assert str(second) == "BUSY struck"
    assert direct.get("pipe") == b"2"


def test_large_values_pass_whole(proxy: ProxyHandle, client: redis.Redis) -> None:
    """A value of a megabyte, which comes in many pieces, is one command and one reply."""
    name = _rule(proxy, "downstream", command="GET", nth=2, action="error")
    value = b"\r\n$+-*" * 150_000
    client.set("large", value)
    assert client.get("large") == value
    with pytest.raises(redis.exceptions.ResponseError):
        client.get("large")
    assert _seen(proxy, name) == (2, 1)


def test_rules_stand_beside_other_toxics(proxy: ProxyHandle, client: redis.Redis) -> None:
    """A rule acts next to the server, latency on the way: both are seen, and both heal."""
    _rule(proxy, "upstream", command="GET", action="error")
    with proxy.toxic("latency", latency=60):
        with pytest.raises(redis.exceptions.ResponseError):
            client.get("x")
        assert seconds(client.ping) >= 0.05
    client.ping()


def test_subscriber_is_left_alone_and_counted(proxy: ProxyHandle, client: redis.Redis) -> None:
    """Its messages answer nobody, so its connection is followed no more, and the rule says so."""
    name = _rule(proxy, "upstream", command="SUBSCRIBE", nth=2, action="cut")
    with client.pubsub() as subscriber:  # type: ignore[no-untyped-call]
        subscriber.subscribe("channel")
        assert subscriber.get_message(timeout=5) is not None
        client.publish("channel", "hello")
        message = subscriber.get_message(timeout=5)
        assert message is not None
        assert message["data"] == b"hello"
    toxic = proxy.get_toxic(name)
    assert toxic is not None
    assert toxic.attributes["unfollowed"] == 1


def test_rule_on_a_connection_in_the_middle_of_a_turn(embedded: ToxiproxyServer) -> None:
    """A command that was on its way when the rule came is not taken for the next one's; then the rule bites."""
    with routed(embedded.client) as route:
        near, far = route.open()
        near.sendall(_PING)
        assert receive(far, len(_PING)) == _PING
        _rule(route.proxy, "downstream", command="PING", action="error")
        far.sendall(b"+PONG\r\n")
        assert receive(near, 7) == b"+PONG\r\n"
        _ping(near, far, b"+PONG\r\n")
        _ping(near, far, b"-ERR struck by a redis_rule\r\n")
        _ping(near, far, b"+PONG\r\n")


def _ping(near: socket.socket, far: socket.socket, answer: bytes) -> None:
    near.sendall(_PING)
    assert receive(far, len(_PING)) == _PING
    far.sendall(b"+PONG\r\n")
    assert receive(near, len(answer)) == answer


def test_other_protocols_pass(embedded: ToxiproxyServer) -> None:
    """Bytes that are no RESP go through unchanged, both ways, and end as they should."""
    with routed(embedded.client) as route:
        name = _rule(route.proxy, "upstream", command="GET", action="cut")
        near, far = route.open()
        near.sendall(b"*nonsense\r\n" + bytes(range(256)))
        assert receive(far, 267) == b"*nonsense\r\n" + bytes(range(256))
        far.sendall(bytes(range(256)))
        assert receive(near, 256) == bytes(range(256))
        near.sendall(b"half a line")
        near.close()
        assert receive(far, 100) == b"half a line"
        toxic = route.proxy.get_toxic(name)
        assert toxic is not None
        assert toxic.attributes["unfollowed"] == 1


@pytest.mark.parametrize(
    "bad", [{}, {"action": "explode"}, {"action": "cut", "nth": 0}, {"action": "error", "message": "a\nb"}], ids=str
)
def test_rule_that_cannot_be_is_refused(proxy: ProxyHandle, bad: dict[str, object]) -> None:
    """With the reason."""
    with pytest.raises(BadToxiproxyRequestError, match="redis_rule: "):
        proxy.add_toxic(type="redis_rule", attributes=bad)
    assert proxy.toxics() == {}


def test_rule_holds_back_what_is_behind_it(embedded: ToxiproxyServer) -> None:
    """A delayed request delays the next one too: their order stays."""
    with routed(embedded.client) as route:
        _rule(route.proxy, "upstream", command="PING", action="delay", delay=200)
        near, far = route.open()
        near.sendall(_PING + b"*1\r\n$4\r\nTIME\r\n")
        assert stays_silent(far, 0.05)
        assert receive(far, 2 * len(_PING)) == _PING + b"*1\r\n$4\r\nTIME\r\n"
