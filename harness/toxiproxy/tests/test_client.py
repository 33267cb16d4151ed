"""Our client: nothing that failed looks as if it had worked. On either server, and on servers that lie."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
import toxiproxy as published

from harness.errors import WrongInputError
from harness.redis_server.port import free_port
from harness.toxiproxy.client import ToxiproxyClient
from harness.toxiproxy.errors import (
    BadToxiproxyRequestError,
    NoSuchProxyError,
    ProxyExistsError,
    ToxiproxyFailedError,
    ToxiproxyStateError,
    ToxiproxyUnavailableError,
)
from harness.toxiproxy.server import open_toxiproxy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.toxiproxy.server import ToxiproxyServer
    from harness.toxiproxy.tests.route import Route

_TOLD = {"name": "p", "listen": "127.0.0.1:1", "upstream": "127.0.0.1:2", "enabled": False, "toxics": []}


def test_errors_by_status(toxiproxy: ToxiproxyServer, route: Route) -> None:
    """Each refusal has an error of its own, with the server's words in it."""
    client, proxy = toxiproxy.client, route.proxy
    with pytest.raises(BadToxiproxyRequestError, match="invalid toxic type"):
        proxy.add_toxic(type="earthquake")
    with pytest.raises(ProxyExistsError, match="proxy already exists"):
        client.create("127.0.0.1:1", proxy.name)
    with pytest.raises(ToxiproxyFailedError, match="address already in use"):
        client.create("127.0.0.1:1", "clash", proxy.listen)
    with pytest.raises(NoSuchProxyError, match="toxic not found"):
        proxy.destroy_toxic("nobody")
    assert client.get_proxy("clash") is None
    assert issubclass(BadToxiproxyRequestError, WrongInputError)


def test_changes_are_read_back(route: Route) -> None:
    """A toxic is returned as the server has it; PATCH changes one attribute and leaves the others."""
    proxy = route.proxy
    added = proxy.add_toxic(type="latency", attributes={"latency": 5, "jitter": 2}, toxicity=0.3)
    assert (added.name, added.stream, added.toxicity) == ("latency_downstream", "downstream", 0.3)
    changed = proxy.update_toxic(added.name, attributes={"latency": 7})
    assert changed.attributes == {"latency": 7, "jitter": 2}
    assert proxy.toxics() == {added.name: changed}
    proxy.destroy_toxic(added.name)
    assert proxy.get_toxic(added.name) is None


def test_attribute_that_nobody_knows_is_told(route: Route) -> None:
    """Toxiproxy ignores a misspelt attribute and says 200; we say what happened, and the toxic is gone."""
    with pytest.raises(ToxiproxyStateError, match="latencyy"):
        route.proxy.add_toxic(type="latency", attributes={"latencyy": 5})
    assert route.proxy.toxics() == {}


def test_down_tells_that_it_could_not_come_up(toxiproxy: ToxiproxyServer, route: Route) -> None:
    """Somebody took the port meanwhile: the block's end fails, and handle and server agree that it is down."""
    proxy = route.proxy
    with pytest.raises(ToxiproxyFailedError, match="address already in use") as caught:
        _fail_in(toxiproxy, route)
    assert isinstance(caught.value.__context__, RuntimeError)
    assert proxy.refresh().enabled is False
    toxiproxy.client.proxies()["thief"].destroy()
    proxy.enable()
    assert proxy.enabled


def _fail_in(toxiproxy: ToxiproxyServer, route: Route) -> None:
    with route.proxy.down():
        assert route.proxy.enabled is False
        toxiproxy.client.create("127.0.0.1:1", "thief", route.proxy.listen)
        raise RuntimeError("the block failed too")


def test_populate_and_destroy(toxiproxy: ToxiproxyServer) -> None:
    """One call makes several; with fixed addresses a second one changes nothing; only what we made is destroyed."""
    client = toxiproxy.client
    made = client.populate([{"name": name, "upstream": "127.0.0.1:1", "listen": "127.0.0.1:0"} for name in "ab"])
    again = client.populate([{"name": each.name, "upstream": each.upstream, "listen": each.listen} for each in made])
    assert [each.listen for each in again] == [each.listen for each in made]
    other = ToxiproxyClient(*_host_and_port(client))
    other.create("127.0.0.1:1", "others")
    client.destroy_made()
    assert list(client.proxies()) == ["others"]
    other.destroy_made()
    assert client.proxies() == {}


def _host_and_port(client: ToxiproxyClient) -> tuple[str, int]:
    host, _, port = client.address.rpartition(":")
    return host, int(port)


def test_two_servers_in_one_process(toxiproxy: ToxiproxyServer) -> None:
    """Each client keeps its own host, which toxiproxy-python's cannot."""
    with open_toxiproxy() as second:
        second.client.create("127.0.0.1:1", "here")
        assert "here" not in toxiproxy.client.proxies()
        assert list(second.client.proxies()) == ["here"]


def test_users_of_toxiproxy_python_find_what_they_know(route: Route, toxiproxy: ToxiproxyServer) -> None:
    """Classes, names and arguments are those of the published client."""
    assert isinstance(toxiproxy.client, published.Toxiproxy)
    proxy = toxiproxy.client.get_proxy(route.proxy.name)
    assert isinstance(proxy, published.Proxy)
    proxy.add_toxic(name="slow", type="latency", stream="upstream", toxicity=1, attributes={"latency": 1})
    assert proxy.get_toxic("slow").type == "latency"
    assert proxy.destroy_toxic("slow") is True
    assert toxiproxy.client.running()


@contextmanager
def _lying(answers: dict[str, tuple[int, Any]]) -> Iterator[ToxiproxyClient]:
    """Run a server that answers so, whatever is asked; a path without a method stands for all others."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, body = answers.get(f"{self.command} {self.path}") or answers[self.path]
            text = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield ToxiproxyClient("127.0.0.1", server.server_address[1])
        server.shutdown()
        thread.join()


def test_success_that_changed_nothing_is_told() -> None:
    """A server says yes to everything and does nothing: enable, toxic, removal and reset are all found out."""
    toxic = {"name": "t", "type": "noop", "stream": "upstream", "toxicity": 1, "attributes": {"x": 1}}
    answers = {
        "/proxies": (200, {"p": _TOLD}),
        "POST /proxies": (201, _TOLD),
        "/proxies/p": (200, _TOLD),
        "/proxies/p/toxics": (200, toxic),
        "/proxies/p/toxics/t": (200, toxic),
        "/reset": (204, b""),
    }
    with _lying(answers) as client:
        proxy = client.proxies()["p"]
        with pytest.raises(ToxiproxyStateError, match="'enabled': True"):
            proxy.enable()
        with pytest.raises(ToxiproxyStateError, match=r"'upstream': '127\.0\.0\.1:3'"):
            client.create("127.0.0.1:3", "p", enabled=False)
        with pytest.raises(ToxiproxyStateError, match="it is there"):
            proxy.destroy()
        with pytest.raises(ToxiproxyStateError, match="'x': 2"):
            proxy.add_toxic(name="t", type="noop", attributes={"x": 2})
        with pytest.raises(ToxiproxyStateError, match="toxicity"):
            proxy.update_toxic("t", toxicity=0.5)
        with pytest.raises(ToxiproxyStateError, match="it is there"):
            proxy.destroy_toxic("t")
        with pytest.raises(ToxiproxyStateError, match="reset"):
            client.reset()


def test_what_is_no_toxiproxy_is_told() -> None:
    """Another server at the address, one that never answers, or none at all."""
    with _lying({"/version": (200, b"<html>"), "/proxies": (500, b"")}) as client:
        with pytest.raises(ToxiproxyUnavailableError, match="Is it a Toxiproxy"):
            client.version()
        with pytest.raises(ToxiproxyFailedError, match="500: nothing"):
            client.proxies()
    absent = ToxiproxyClient("127.0.0.1", free_port())
    assert not absent.running()
    with pytest.raises(ToxiproxyUnavailableError, match="still running"):
        absent.create("127.0.0.1:1", "p")


def test_silent_server_is_not_waited_for(route: Route) -> None:
    """A listener that accepts and says nothing: one clear line after the time limit."""
    silent = ToxiproxyClient("127.0.0.1", route.listener.getsockname()[1], timeout_s=0.1)
    with pytest.raises(ToxiproxyUnavailableError, match=r"within 0\.1 s"):
        silent.version()
