"""A loopback relay that loses exactly the request or the reply it is told to lose, or delivers a request late.

It knows a command by the script's hash in it. Must never lose anything it was not told to lose.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable

    from safety_core.idempotency.lua import Script

_SIZE = 262_144


@dataclass(slots=True, eq=False)
class Loss:
    """One planned loss.

    Attributes:
        sha: Hash of the script in the request.
        lose: `request`, `reply` (the request is applied) or `late` (the request is kept for later).
        count: How often it still happens.
    """

    sha: bytes
    lose: str
    count: int


class Relay:
    """Forwards between loopback clients and one loopback server, as a context manager.

    Attributes:
        url: Where clients connect.
        packets: How many packets clients have sent.
        witnessed: What was lost, in order: `request`, `reply` or `late`.
    """

    def __init__(self, port: int) -> None:
        self._server = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}"
        self.witnessed: list[str] = []
        self.packets = 0
        self._losses: list[Loss] = []
        self._before: dict[bytes, Callable[[], object]] = {}
        self._acting = threading.RLock()
        self._late: list[bytes] = []
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []

    def __enter__(self) -> Self:
        self._spawn(self._accept)
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for end in self._sockets:
            _hang_up(end)
        for thread in self._threads:
            thread.join(10)

    def lose_reply(self, script: Script, count: int = 1) -> None:
        """Let the next `count` requests of `script` be applied, and cut the connection instead of answering."""
        self._losses.append(Loss(script.sha.encode(), "reply", count))

    def lose_request(self, script: Script, count: int = 1) -> None:
        """Cut the connection instead of forwarding the next `count` requests of `script`."""
        self._losses.append(Loss(script.sha.encode(), "request", count))

    def delay(self, script: Script, count: int = 1) -> None:
        """As `lose_request`, and keep the requests for `deliver_late`."""
        self._losses.append(Loss(script.sha.encode(), "late", count))

    def before(self, script: Script, act: Callable[[], object]) -> None:
        """Run `act` once, just before the next request of `script` is forwarded."""
        self._before[script.sha.encode()] = act

    def deliver_late(self) -> list[bytes]:
        """Apply the delayed requests now, in order, on a connection of their own; return the raw replies."""
        replies = []
        with socket.create_connection(self._server) as late:
            while self._late:
                late.sendall(self._late.pop(0))
                replies.append(late.recv(_SIZE))
        return replies

    def _spawn(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._server)
            except OSError:
                client.close()
                continue
            self._sockets += [client, server]
            doomed = threading.Event()
            self._spawn(self._upstream, client, server, doomed)
            self._spawn(self._downstream, client, server, doomed)

    def _upstream(self, client: socket.socket, server: socket.socket, doomed: threading.Event) -> None:
        """Forward requests; each packet of the guard arrives as one, because it waits for the reply."""
        with contextlib.suppress(OSError):
            while request := client.recv(_SIZE):
                self.packets += 1
                loss = self._planned(request)
                if loss == "reply":
                    doomed.set()
                elif loss is not None:
                    if loss == "late":
                        self._late.append(request)
                    self.witnessed.append(loss)
                    break
                server.sendall(request)
        _hang_up(client)
        _hang_up(server)

    def _downstream(self, client: socket.socket, server: socket.socket, doomed: threading.Event) -> None:
        """Forward replies, until one is to be lost."""
        with contextlib.suppress(OSError):
            while reply := server.recv(_SIZE):
                if doomed.is_set():
                    self.witnessed.append("reply")
                    break
                client.sendall(reply)
        with self._acting:
            # Whoever acts before a request, even on the server, is done before the client can notice.
            _hang_up(client)
            _hang_up(server)

    def _planned(self, request: bytes) -> str | None:
        for sha in [sha for sha in self._before if sha in request]:
            with self._acting:
                self._before.pop(sha)()
        for loss in self._losses:
            if loss.count and loss.sha in request:
                loss.count -= 1
                return loss.lose
        return None


def _hang_up(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
