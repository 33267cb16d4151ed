"""A real HTTP server on loopback that takes webhooks the way it is told: accept, refuse, hang, drip, redirect."""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass(slots=True)
class Received:
    """One request.

    Attributes:
        path: Its path.
        headers: Its headers.
        body: Its body.
    """

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(eq=False)
class Receiver:
    """The server, as a context manager.

    Attributes:
        answers: Status codes of the next requests, or `hang`, or `drip`; 200 when there is none left.
        received: What came.
    """

    answers: list[int | str] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.take(self)

            def log_message(self, *words: Any) -> None:
                print_nothing(words)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def take(self, request: BaseHTTPRequestHandler) -> None:
        """Take one request."""
        body = request.rfile.read(int(request.headers["Content-Length"]))
        self.received.append(Received(request.path, dict(request.headers), body))
        answer = self.answers.pop(0) if self.answers else 200
        if answer == "hang":
            self.released.wait(30)
            return
        if answer == "drip":
            request.wfile.write(b"HTTP/1.1 200 OK\r\n")
            try:
                # Always in time for a limit between two bytes, never done in time for the whole.
                while not self.released.wait(0.02):
                    request.wfile.write(b"X-Drip: 1\r\n")
            except OSError:
                return
            return
        request.send_response(int(answer))
        if answer == 302:
            request.send_header("Location", self.url + "/elsewhere")
        request.send_header("Content-Length", "0")
        request.end_headers()


def print_nothing(words: object) -> None:
    """Print nothing: the log of the server is no part of a test's output."""


def refusing_url() -> str:
    """Return an address at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"http://127.0.0.1:{taken.getsockname()[1]}/"
