"""One Redis server in a container, behind the same words as an embedded one. Its clock is the machine's own.

Clients reach it on loopback and nowhere else. Any image will do whose entry point takes a configuration file: the
official ones of Redis and Valkey do. Not safe for use from several threads at once.
"""

from __future__ import annotations

import socket
import weakref
from typing import TYPE_CHECKING, NoReturn, Self

from harness import clock
from harness.containers.container import Container, PortTakenError
from harness.processes.child import is_running, process_state
from harness.redis_server.errors import ClockUnavailableError, RedisUnavailableError
from harness.redis_server.external import name_and_version
from harness.redis_server.identity import ServerIdentity
from harness.redis_server.port import ReservedPort, has_bus, reserve_port
from harness.redis_server.redis_conf import config_text
from harness.redis_server.redis_py import SOCKET_TIMEOUT_S, info, make_client

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import redis

_START_DEADLINE_S = 30.0
_STOP_DEADLINE_S = 5.0
_PORT_ATTEMPTS = 8
_INSIDE = 6379
_CONFIG = "/data/stormproof.conf"
"""A file, because a Sentinel will not do without one; in /data, because there it may write to it."""
_CLASH = "Address already in use"
_OURS = frozenset({"port", "bind", "protected-mode", "dir", "daemonize", "logfile", "requirepass"})


class ContainerServer:
    """A server in a container, as a context manager or by :meth:`start` and :meth:`stop`.

    Attributes:
        image: What the container is made of.
        has_clock: False: nobody moves this server's clock.
        moved_s: 0.0, for the same reason.
        port: Loopback TCP port; 0 before the first start.
    """

    has_clock = False
    moved_s = 0.0

    def __init__(
        self,
        image: str,
        *,
        appendonly: bool = False,
        config: Mapping[str, str] | None = None,
        arguments: Sequence[str] = (),
        in_host_network: bool = False,
    ) -> None:
        """Describe a server; nothing runs before :meth:`start`.

        Args:
            image: ``IMAGE:TAG``.
            appendonly: Whether writes survive :meth:`kill` and :meth:`restart`, as with an embedded server.
            config: Further directives as in redis.conf, name to value. Addresses and folder are ours.
            arguments: Further words for the program, such as ``--sentinel``.
            in_host_network: Whether it shares this machine's loopback, instead of having a port published there.
                Servers that tell clients each other's addresses need that: they know only the port they listen on.

        Raises:
            ValueError: *config* sets a directive that is ours.
        """
        taken = sorted(_OURS & {name.lower() for name in config or {}})
        if taken:
            raise ValueError(f"config may not set {', '.join(taken)}: the harness sets addresses and folder")
        self.image = image
        self.port = 0
        self._container = Container(image)
        self._config = {"save": '""', "appendonly": "yes" if appendonly else "no", **(config or {})}
        self._arguments = tuple(arguments)
        self._in_host_network = in_host_network
        self._started = False
        self._reserved: ReservedPort | None = None
        self._clients: weakref.WeakSet[redis.Redis] = weakref.WeakSet()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> Self:
        """Start in a fresh container and return when the server answers PONG.

        Raises:
            ContainersUnavailableError: No engine answers, or the image is not to be had. Nothing is left behind.
            RedisUnavailableError: The container runs no server; the end of its log is in the message.
        """
        if self._started:
            raise RedisUnavailableError("start() was called on a started server; call stop() first, or restart()")
        for attempt in range(_PORT_ATTEMPTS):
            self._reserved = reserve_port(with_bus=has_bus(self._config))
            self.port = self._reserved.number
            try:
                self._create()
            except BaseException as error:
                self._reserved.close()
                if attempt == _PORT_ATTEMPTS - 1 or not isinstance(error, (PortTakenError, _PortClashError)):
                    raise
            else:
                return self
        raise RedisUnavailableError(f"Started {self.image}: no port was free")

    def stop(self) -> None:
        """Remove the container with its data. May be called twice, and after a failed start.

        Raises:
            ContainersUnavailableError: The engine is gone.
        """
        self._started = False
        for client in list(self._clients):
            client.close()
        if self._reserved is not None:
            self._reserved.close()
        self._container.remove()

    def kill(self) -> None:
        """SIGKILL the server and return when it is gone. What the kernel had not been given is lost."""
        self._container.kill()

    def restart(self) -> None:
        """Kill the server if it still runs, and start it again at the same port with its data.

        Raises:
            RedisUnavailableError: It did not come back.
        """
        self._container.kill()
        self._container.start_again()
        self._wait_until_ready()

    def pause(self) -> None:
        """SIGSTOP the server: it answers nobody, and its connections stay open, until :meth:`resume`."""
        self._container.signal("SIGSTOP")
        deadline_ns = clock.elapsed_ns() + int(_STOP_DEADLINE_S * 1e9)
        pid = self.pid
        # The engine answers when the signal was sent, not when it has struck. We may not see its processes.
        while is_running(pid) and process_state(pid) != "T" and clock.elapsed_ns() < deadline_ns:
            clock.pause_s(0.001)

    def resume(self) -> None:
        """SIGCONT the server."""
        self._container.signal("SIGCONT")

    def advance(self, seconds: float) -> NoReturn:
        """Refuse.

        Raises:
            ClockUnavailableError: Always.
        """
        raise ClockUnavailableError(
            f"Tried to move the clock of a server in a container by {seconds:g} s: it is the machine's own. "
            "Use --redis embedded, or leave out the kinds that need the clock."
        )

    @property
    def url(self) -> str:
        """URL of the loopback port."""
        if not self._started:
            raise RedisUnavailableError("The server is not started: use it inside `with ContainerServer(...)`")
        return f"redis://127.0.0.1:{self.port}"

    @property
    def tcp_url(self) -> str:
        """URL of the loopback port."""
        return self.url

    @property
    def name(self) -> str:
        """The container's name, which carries the mark of this run."""
        return self._container.name

    @property
    def pid(self) -> int:
        """Process id of the running server, as this machine numbers it."""
        return self._container.pid

    @property
    def is_running(self) -> bool:
        """Whether the server's process runs."""
        return self._container.is_running

    def client(self, *, timeout_s: float = SOCKET_TIMEOUT_S) -> redis.Redis:
        """Return a client that never retries by itself; :meth:`stop` closes it.

        Args:
            timeout_s: Seconds to wait for a connect and for each reply.
        """
        client = make_client(self.url, timeout_s=timeout_s)
        self._clients.add(client)
        return client

    def identity(self) -> ServerIdentity:
        """Return what the report says of this server; the digest is the image's."""
        with self.client() as client:
            seen = info(client, "server")
        name, version = name_and_version(seen)
        return ServerIdentity(name, version, self._container.image_id, str(seen["run_id"]))

    def log_tail(self) -> str:
        """Return the end of the server's log."""
        return self._container.log_tail()

    def _create(self) -> None:
        directives = {"protected-mode": "no", **self._config}
        if self._in_host_network:
            directives |= {"port": str(self.port), "bind": "127.0.0.1"}
        self._container.start(
            [_CONFIG, *self._arguments],
            publish=None if self._in_host_network else (_INSIDE, self.port),
            files={_CONFIG: config_text(directives).encode()},
        )
        self._started = True
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def _wait_until_ready(self) -> None:
        deadline_ns = clock.elapsed_ns() + int(_START_DEADLINE_S * 1e9)
        while not _answers_pong(self.port):
            if clock.elapsed_ns() < deadline_ns and self._container.is_running:
                clock.pause_s(0.002)
                continue
            said = self.log_tail()
            failure = _PortClashError if _CLASH in said else RedisUnavailableError
            raise failure(
                f"Started a container of {self.image} at port {self.port}: expected PONG within "
                f"{_START_DEADLINE_S:g} s, saw none. Its log ends:\n{said}"
            )


class _PortClashError(RedisUnavailableError):
    """Somebody took the port between our look and the server's start."""


def _answers_pong(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1.0) as probe:
            probe.sendall(b"PING\r\n")
            return probe.recv(64).startswith(b"+PONG")
    except OSError:
        return False
