"""The HTTP API: every answer is the one that Toxiproxy 2.12 gave, byte for byte, on either server.

``toxiproxy_2_12.jsonl`` holds requests with the answers of the real server. Ports that the kernel chose are written
as PORT; ``{busy}`` stands for the port of the proxy of that name.
"""

from __future__ import annotations

import http.client
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.toxiproxy.server import ToxiproxyServer

_TABLE = Path(__file__).parent / "toxiproxy_2_12.jsonl"
_CHOSEN = re.compile(r'("listen":"(?:127\.0\.0\.1|\[::1\]):)\d{2,}"')
_BUSY = re.compile(r'"name":"busy","listen":"127\.0\.0\.1:(\d+)"')


def test_every_answer_is_toxiproxys(toxiproxy: ToxiproxyServer) -> None:
    """Status, type of the content, body and error texts, in one long session that begins with an empty server."""
    rows = [json.loads(line) for line in _TABLE.read_text("utf-8").splitlines()]
    busy = ""
    for row in rows:
        seen, busy = _ask(toxiproxy.client.address, row, busy)
        assert seen == row
    # A name with a slash cannot be reached through the API, so it stays.
    assert list(toxiproxy.client.proxies()) == ["up<&>é /x"]
    assert len(rows) > 150


def _ask(address: str, row: dict[str, Any], busy: str) -> tuple[dict[str, Any], str]:
    """Return *row* as the server answers it now, and the port of the proxy ``busy``."""
    connection = http.client.HTTPConnection(address, timeout=20)
    body = row["body"].replace("{busy}", busy).encode() if "body" in row else None
    connection.request(row["method"], row["path"], body, {"User-Agent": row.get("user_agent", "suite")})
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    found = _BUSY.search(text)
    busy = found[1] if found else busy
    text = _CHOSEN.sub(r'\1PORT"', text.replace(f"127.0.0.1:{busy}", "127.0.0.1:{busy}") if busy else text)
    names = ("Content-Type", "X-Content-Type-Options", "Location")
    seen = {
        "status": response.status,
        "headers": {name: value for name in names if (value := response.getheader(name)) is not None},
        "has_id": response.getheader("X-Toxiproxy-Request-Id") is not None,
        "answer": text,
    }
    return {**row, **seen}, busy


def test_a_connection_serves_several_requests(toxiproxy: ToxiproxyServer) -> None:
    """Keep-alive: one socket, two answers, the second request sent in two pieces."""
    connection = http.client.HTTPConnection(toxiproxy.client.address, timeout=20)
    connection.request("GET", "/version")
    assert connection.getresponse().read().startswith(b'{"version"')
    held = connection.sock
    connection.putrequest("POST", "/populate")
    connection.putheader("Content-Length", "4")
    connection.endheaders(b"nu")
    connection.send(b"ll")
    assert connection.getresponse().read() == b'{"proxies":null}'
    assert connection.sock is held
    connection.close()


def test_body_in_chunks(toxiproxy: ToxiproxyServer) -> None:
    """As clients send it that do not know its length; and no request that is none is left waiting."""
    connection = http.client.HTTPConnection(toxiproxy.client.address, timeout=20)
    connection.request("POST", "/populate", iter([b"nu", b"ll"]), encode_chunked=True)
    assert connection.getresponse().read() == b'{"proxies":null}'
    connection.putrequest("GET", "/version")
    connection.putheader("Content-Length", "many")
    connection.endheaders()
    assert connection.getresponse().status == 400
    connection.close()


def test_version(toxiproxy: ToxiproxyServer) -> None:
    """A release says its number, a server built with ``go install`` says "git"."""
    assert toxiproxy.version == ("2.12.0" if toxiproxy.kind == "embedded" else "git")
