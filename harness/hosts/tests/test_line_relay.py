"""The way to Redis changes nothing while it stands, and a cut is seen by the client and not by the server."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from harness.hosts.line_relay import Loop, Relay

if TYPE_CHECKING:
    from harness.redis_server.server import RedisServer

_WAIT_S = 5.0


def ask(loop: Loop, relay: Relay, words: bytes) -> bytes:
    """Send a request along the relay and return what comes back: nothing where the connection was closed."""
    port = urlsplit(relay.url).port or 0
    answer: list[bytes] = []
    with socket.create_connection(("127.0.0.1", port), _WAIT_S) as client:
        client.sendall(words + b"\r\n")
        loop.watch(client, lambda: answer.append(client.recv(64)))
        assert loop.run(lambda: bool(answer), seconds=_WAIT_S)
        loop.forget(client)
    return answer[0]


def test_relay_passes_on_what_comes_and_counts_it(redis_server: RedisServer) -> None:
    """The reply is the server's, and every byte of the request is counted."""
    loop = Loop()
    relay = Relay(loop, f"{redis_server.tcp_url}/0")
    assert ask(loop, relay, b"PING") == b"+PONG\r\n"
    assert relay.heard == len(b"PING\r\n")
    relay.close()
    loop.close()


def test_cut_request_does_not_reach_the_server_and_a_healed_way_is_as_before(redis_server: RedisServer) -> None:
    """A lost request is lost: the client reads the end of the stream, the key is not there, the next one passes."""
    loop = Loop()
    relay = Relay(loop, f"{redis_server.tcp_url}/0")
    relay.cuts = True
    assert ask(loop, relay, b"SET k lost") == b""
    relay.cuts = False
    assert ask(loop, relay, b"EXISTS k") == b":0\r\n"
    relay.close()
    loop.close()


def test_url_keeps_what_names_user_and_database(redis_server: RedisServer) -> None:
    """Only host and port are replaced."""
    loop = Loop()
    relay = Relay(loop, f"redis://me:secret@127.0.0.1:{redis_server.port}/3")
    parts = urlsplit(relay.url)
    assert (parts.username, parts.password, parts.path) == ("me", "secret", "/3")
    assert parts.port != redis_server.port
    relay.close()
    loop.close()
