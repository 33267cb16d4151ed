"""One embedded Redis server: started in milliseconds, killed at will, gone without a trace.

It listens on a unix socket and on loopback TCP, never on another interface, keeps its files in a folder of its own,
and dies with this process. Not safe for use from several threads at once.
"""

from __future__ import annotations

import atexit
import os
import signal
import socket
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Self

from harness import clock
from harness.processes.child import spawn
from harness.processes.faked_clock import forget_shared_memory
from harness.processes.folder import make_folder, remove_folder
from harness.redis_server.binary import ServerBinary, embedded_binary
from harness.redis_server.errors import ClockUnavailableError, RedisUnavailableError
from harness.redis_server.identity import ServerIdentity
from harness.redis_server.port import ReservedPort, has_bus, reserve_port
from harness.redis_server.redis_conf import config_text
from harness.redis_server.redis_py import SOCKET_TIMEOUT_S, info, make_client
from harness.redis_server.server_clock import ServerClock

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Mapping, Sequence

    import redis

_START_DEADLINE_S = 15.0
_PORT_ATTEMPTS = 8
_LOG_TAIL = 2_000
_CLASH = "Address already in use"
_READY = (b"+PONG",)
_READY_OR_LOADING = (*_READY, b"-LOADING")
_OURS = frozenset({"port", "bind", "unixsocket", "dir", "daemonize", "logfile", "pidfile", "requirepass"})


class RedisServer:
    """An embedded server, as a context manager or by :meth:`start` and :meth:`stop`.

    Attributes:
        binary: What is run.
        has_clock: Whether :meth:`advance` works on this server.
        port: Loopback TCP port; 0 before the first start.
        unix_path: The unix socket.
    """

    def __init__(
        self,
        *,
        binary: ServerBinary | None = None,
        appendonly: bool = False,
        appendfsync: str = "everysec",
        config: Mapping[str, str] | None = None,
        arguments: Sequence[str] = (),
        controlled_clock: bool = False,
        pause: Callable[[float], None] = clock.pause_s,
    ) -> None:
        """Describe a server; nothing runs before :meth:`start`.

        Args:
            binary: The server's binary; None means the embedded default.
            appendonly: Whether writes survive :meth:`kill` and :meth:`restart`. Without it, and without ``save``
                in *config*, a restarted server is empty.
            appendfsync: ``always``, ``everysec`` or ``no``; matters with *appendonly* only.
            config: Further directives as in redis.conf, name to value. Addresses, folder and password are ours.
            arguments: Further words for the program, such as ``--sentinel``.
            controlled_clock: Whether the server's wall clock shall follow :meth:`advance`.
            pause: Passes the seconds between two looks at whether the server is there.

        Raises:
            ValueError: *config* sets a directive that is ours.
            RedisUnavailableError: *binary* is None and there is no embedded one.
        """
        taken = sorted(_OURS & {name.lower() for name in config or {}})
        if taken:
            raise ValueError(
                f"config may not set {', '.join(taken)}: the harness sets addresses, folder and password"
            )
        self.binary = binary if binary is not None else embedded_binary()
        self.has_clock = controlled_clock
        self.port = 0
        self.unix_path = Path()
        self._config = {
            "save": '""',
            "appendonly": "yes" if appendonly else "no",
            "appendfsync": appendfsync,
            **(config or {}),
        }
        self._arguments = tuple(arguments)
        self._pause = pause
        self._owner = os.getpid()
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._clock: ServerClock | None = None
        self._reserved: ReservedPort | None = None
        self._clients: weakref.WeakSet[redis.Redis] = weakref.WeakSet()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> Self:
        """Start in a fresh folder and return when the server answers PONG.

        Raises:
            RedisUnavailableError: It did not; the end of its log is in the message. Nothing is left behind.
            ClockUnavailableError: A controlled clock was asked for and cannot be had.
        """
        if self._folder is not None:
            raise RedisUnavailableError("start() was called on a started server; call stop() first, or restart()")
        if self.has_clock and not self.binary.takes_clock:
            raise ClockUnavailableError(
                f"Tried to control the clock of {self.binary.path}: it is linked with the shared jemalloc, which "
                "clashes with libfaketime. Use --redis embedded, or leave out the kinds that need the clock."
            )
        self._folder = make_folder()
        self._owner = os.getpid()
        _alive.add(self)
        try:
            self.unix_path = self._folder / "redis.sock"
            if self.has_clock:
                self._clock = ServerClock(self._folder, self.unix_path)
            self._launch_on_a_free_port()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Kill the server and remove all it had. May be called twice, and after a failed start."""
        folder, self._folder = self._folder, None
        if folder is None or self._owner != os.getpid():
            return
        try:
            for client in list(self._clients):
                client.close()
            self._end_process()
        finally:
            if self._reserved is not None:
                self._reserved.close()
            if self._clock is not None:
                self._clock.close()
                self._clock = None
            remove_folder(folder)
            _alive.discard(self)

    def kill(self) -> None:
        """SIGKILL the server and return when it is gone. What the kernel had not been given is lost."""
        self._running()
        self._end_process()

    def restart(self, *, config: Mapping[str, str] | None = None, until_loaded: bool = True) -> None:
        """Kill the server if it still runs, and start it again on the same socket, port, data and clock.

        Args:
            config: Further directives for this one start.
            until_loaded: Whether to wait until its data is loaded; else return when it answers, with LOADING too.

        Raises:
            RedisUnavailableError: It did not come back, or a process that is not ours took the port meanwhile.
        """
        self._home()
        self._end_process()
        self._launch(config, until_loaded=until_loaded)

    def pause(self) -> None:
        """SIGSTOP the server: it answers nobody, and its connections stay open, until :meth:`resume`."""
        self._running().send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT the server."""
        self._running().send_signal(signal.SIGCONT)

    def advance(self, seconds: float) -> float:
        """Move the server's wall clock by *seconds* (> 0); return the jump that TIME showed, in seconds.

        Raises:
            ClockUnavailableError: The server was made without ``controlled_clock``, or its clock did not move.
        """
        if self._clock is None:
            raise ClockUnavailableError(
                "Tried to advance the clock of a server that was not started with a controlled one. "
                "Use RedisServer(controlled_clock=True); it needs the extra `clock`: pip install 'stormproof[clock]'."
            )
        return self._clock.advance(seconds, pause=self._pause)

    @property
    def is_append_only(self) -> bool:
        """Whether the server was described with an append-only file."""
        return self._config["appendonly"] == "yes"

    @property
    def moved_s(self) -> float:
        """How far the server's clock was moved in all, in seconds."""
        return 0.0 if self._clock is None else self._clock.moved_s

    @property
    def url(self) -> str:
        """URL of the unix socket."""
        self._home()
        return f"unix://{self.unix_path}"

    @property
    def tcp_url(self) -> str:
        """URL of the loopback port."""
        self._home()
        return f"redis://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Process id of the running server."""
        return self._running().pid

    @property
    def folder(self) -> Path:
        """The server's working folder: log, configuration, append-only files."""
        return self._home()

    def client(self, *, tcp: bool = False, timeout_s: float = SOCKET_TIMEOUT_S) -> redis.Redis:
        """Return a client that never retries by itself; :meth:`stop` closes it.

        Args:
            tcp: Whether to use the loopback port; the unix socket otherwise.
            timeout_s: Seconds to wait for a connect and for each reply.
        """
        client = make_client(self.tcp_url if tcp else self.url, timeout_s=timeout_s)
        self._clients.add(client)
        return client

    def identity(self) -> ServerIdentity:
        """Return what the report says of this server."""
        client = self.client()
        try:
            run_id = str(info(client, "server")["run_id"])
        finally:
            client.close()
        return ServerIdentity(self.binary.name, self.binary.version, self.binary.sha256, run_id)

    def append_only_file(self) -> Path:
        """Return the file to which the server appends its writes; after :meth:`kill` it may be cut.

        Raises:
            RedisUnavailableError: The server keeps none.
        """
        home = self._home()
        # From Redis 7 on there are several in a folder, and the one with the highest number grows.
        found = [*home.glob("appendonlydir/*.incr.aof"), *home.glob("appendonly.aof")]
        if not found:
            raise RedisUnavailableError("The server keeps no append-only file: use RedisServer(appendonly=True)")
        return max(found, key=lambda path: (path.stat().st_mtime_ns, path.name))

    def log_tail(self) -> str:
        """Return the end of the server's log (at most 2,000 characters)."""
        log = self._home() / "server.log"
        return log.read_text("utf-8", "replace")[-_LOG_TAIL:] if log.exists() else ""

    def _home(self) -> Path:
        if self._folder is None:
            raise RedisUnavailableError("The server is not started: use it inside `with RedisServer() as server:`")
        return self._folder

    def _running(self) -> subprocess.Popen[bytes]:
        self._home()
        if self._process is None:
            raise RedisUnavailableError("The server was killed and not restarted: call restart() first")
        return self._process

    def _launch_on_a_free_port(self) -> None:
        for attempt in range(_PORT_ATTEMPTS):
            self._reserved = reserve_port(with_bus=has_bus(self._config))
            self.port = self._reserved.number
            try:
                self._launch()
            except RedisUnavailableError:
                self._end_process()
                self._reserved.close()
                if _CLASH not in self.log_tail() or attempt == _PORT_ATTEMPTS - 1:
                    raise
                (self._home() / "server.log").unlink()
            else:
                return

    def _launch(self, further: Mapping[str, str] | None = None, *, until_loaded: bool = True) -> None:
        folder = self._home()
        config = folder / "redis.conf"
        directives = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "unixsocket": str(self.unix_path),
            "unixsocketperm": "700",
            "dir": str(folder),
            "daemonize": "no",
            **self._config,
            **(further or {}),
        }
        config.write_text(config_text(directives), "utf-8")
        # A killed server leaves its socket behind, and connecting to that one says "refused", not "not yet".
        self.unix_path.unlink(missing_ok=True)
        environment = self._clock.environment() if self._clock is not None else None
        try:
            words = [str(self.binary.path), str(config), *self._arguments]
            self._process = spawn(words, log=folder / "server.log", env=environment)
        except OSError as error:
            raise RedisUnavailableError(
                f"Tried to execute {self.binary.path}: {error}. Choose another server with --redis."
            ) from error
        self._wait_until_ready(self._process, _READY if until_loaded else _READY_OR_LOADING)
        if self._clock is not None:
            self._clock.verify_loaded(self._process.pid)

    def _wait_until_ready(self, process: subprocess.Popen[bytes], answers: tuple[bytes, ...]) -> None:
        deadline_ns = clock.elapsed_ns() + int(_START_DEADLINE_S * 1e9)
        while not _answers(self.unix_path, answers):
            exit_status = process.poll()
            if exit_status is None and clock.elapsed_ns() < deadline_ns:
                self._pause(0.001)
                continue
            seen = f"it exited with {exit_status}" if exit_status is not None else "no PONG"
            raise RedisUnavailableError(
                f"Started {self.binary.path} ({self.binary.name} {self.binary.version}) on port {self.port}: "
                f"expected PONG within {_START_DEADLINE_S:g} s, saw {seen}. Its log ends:\n{self.log_tail()}"
            )

    def _end_process(self) -> None:
        process, self._process = self._process, None
        if self._clock is not None:
            self._clock.forget_connection()
        if process is None:
            return
        process.kill()
        process.wait()
        if self._clock is not None:
            forget_shared_memory(process.pid)


def _answers(unix_path: Path, answers: tuple[bytes, ...]) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(unix_path))
            probe.sendall(b"PING\r\n")
            return probe.recv(64).startswith(answers)
        except OSError:
            return False


_alive: set[RedisServer] = set()


@atexit.register
def _stop_all() -> None:
    for server in list(_alive):
        server.stop()
