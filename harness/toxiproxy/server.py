"""A Toxiproxy for the length of a run: found, or started as a child that dies with us. Never stops a found one."""

from __future__ import annotations

import json
import os
import shlex
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from harness import clock
from harness.containers.container import Container
from harness.processes.child import spawn, spawn_module
from harness.processes.folder import make_folder, remove_folder
from harness.redis_server.port import free_port
from harness.toxiproxy.choice import (
    EmbeddedToxiproxy,
    RunningToxiproxy,
    ToxiproxyBinary,
    ToxiproxyContainer,
    parse_toxiproxy,
)
from harness.toxiproxy.client import ToxiproxyClient
from harness.toxiproxy.errors import ToxiproxyUnavailableError

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

_START_DEADLINE_S = 15.0
_PORT_ATTEMPTS = 8
_CLASH = "address already in use"


@dataclass(frozen=True, slots=True)
class ToxiproxyServer:
    """A server that answers.

    Attributes:
        kind: ``embedded``, ``binary``, ``container`` or ``running``.
        version: What it says of itself.
        client: Our way to it.
        pid: Its process where we started it, else None.
    """

    kind: str
    version: str
    client: ToxiproxyClient
    pid: int | None

    @property
    def has_redis_rules(self) -> bool:
        """Whether it knows the toxic ``redis_rule``."""
        return self.kind == "embedded"


@contextmanager
def open_toxiproxy(
    choice: str = "embedded", *, run_seed: int = 0, loop: str = "fastest", open_to: str = ""
) -> Iterator[ToxiproxyServer]:
    """Have a Toxiproxy for the length of the block; the proxies that were made through it are gone afterwards.

    Args:
        choice: The value of ``--toxiproxy``, see ``choice.FORMS``.
        run_seed: Where the embedded server's coins and jitter come from; a real one takes none.
        loop: The embedded server's event loop: ``asyncio``, ``uvloop``, or the fastest that is installed.
        open_to: IP address on which proxies of the embedded server may listen besides loopback; others may anyway.

    Raises:
        WrongToxiproxyChoiceError: *choice* has no form that is known.
        ToxiproxyUnavailableError: There is no such server, or it did not start.
        ContainersUnavailableError: No container engine answers, or the image is not to be had.
    """
    match parse_toxiproxy(choice):
        case RunningToxiproxy(host, port):
            client = ToxiproxyClient(host, port)
            server = ToxiproxyServer("running", client.version(), client, None)
            try:
                yield server
            finally:
                client.destroy_made()
        case ToxiproxyBinary(path):
            with _child(lambda folder: _start_binary(path, folder)) as (client, pid):
                yield ToxiproxyServer("binary", client.version(), client, pid)
        case ToxiproxyContainer(image):
            with _contained(image) as (client, pid):
                yield ToxiproxyServer("container", client.version(), client, pid)
        case EmbeddedToxiproxy():
            with _child(lambda folder: _start_embedded(folder, run_seed, loop, open_to)) as (client, pid):
                yield ToxiproxyServer("embedded", client.version(), client, pid)


_Started = tuple["subprocess.Popen[bytes]", ToxiproxyClient]


@contextmanager
def _child(start: Callable[[Path], _Started]) -> Iterator[tuple[ToxiproxyClient, int]]:
    folder = make_folder()
    process = None
    try:
        process, client = start(folder)
        yield client, process.pid
    finally:
        if process is not None:
            _end(process)
        remove_folder(folder)


@contextmanager
def _contained(image: str) -> Iterator[tuple[ToxiproxyClient, int]]:
    """Have a container in this machine's network: its proxies come later, and each listens at a port of its own."""
    container = Container(image)
    try:
        for _ in range(_PORT_ATTEMPTS):
            client = ToxiproxyClient("127.0.0.1", free_port())
            container.start(["-host", "127.0.0.1", "-port", client.address.rpartition(":")[2]])
            if _answers(container, client):
                break
            container.remove()
        else:
            raise ToxiproxyUnavailableError(f"Started a container of {image}: no port was free")
        yield client, container.pid
    finally:
        container.remove()


def _answers(container: Container, client: ToxiproxyClient) -> bool:
    """Wait until the server in *container* answers; False where somebody else took its port."""
    deadline_ns = clock.elapsed_ns() + int(_START_DEADLINE_S * 1e9)
    while not client.running():
        if container.is_running and clock.elapsed_ns() < deadline_ns:
            clock.pause_s(0.002)
            continue
        said = container.log_tail()
        if _CLASH in said:
            return False
        raise ToxiproxyUnavailableError(
            f"Started a container of {container.image}: expected a Toxiproxy to answer at {client.address} within "
            f"{_START_DEADLINE_S:g} s, saw none. Its log ends:\n{said}"
        )
    return True


def _named(process: subprocess.Popen[bytes]) -> str:
    words = [str(word) for word in process.args] if isinstance(process.args, list) else [str(process.args)]
    return "the embedded Toxiproxy" if "harness.toxiproxy.embedded" in words else shlex.join(words)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def _start_embedded(folder: Path, run_seed: int, loop: str, open_to: str) -> _Started:
    log = folder / "toxiproxy.log"
    process = spawn_module(
        "harness.toxiproxy.embedded",
        *("--host", "127.0.0.1", "--port", "0", "--seed", str(run_seed), "--loop", loop, "--open-to", open_to),
        log=log,
    )

    def looked() -> ToxiproxyClient | None:
        line, found, _ = log.read_text("utf-8", "replace").partition("\n")
        if not found or not line.startswith("{"):
            return None
        host, _, port = json.loads(line)["address"].rpartition(":")
        return ToxiproxyClient(host, int(port))

    return process, _wait(process, log, looked)


def _start_binary(path: Path, folder: Path) -> _Started:
    for attempt in range(_PORT_ATTEMPTS):
        log = folder / f"toxiproxy-{attempt}.log"
        client = ToxiproxyClient("127.0.0.1", free_port())
        port = client.address.rpartition(":")[2]
        try:
            process = spawn(
                [str(path), "-host", "127.0.0.1", "-port", port], log=log, env={**os.environ, "LOG_LEVEL": "error"}
            )
        except OSError as error:
            raise ToxiproxyUnavailableError(
                f"Tried to execute {path}: {error}. Choose another --toxiproxy."
            ) from error
        try:
            return process, _wait(process, log, partial(_if_running, client))
        except ToxiproxyUnavailableError:
            if _CLASH not in log.read_text("utf-8", "replace") or attempt == _PORT_ATTEMPTS - 1:
                raise
    raise ToxiproxyUnavailableError(f"Started {path}: no port was free")


def _if_running(client: ToxiproxyClient) -> ToxiproxyClient | None:
    return client if client.running() else None


def _wait(
    process: subprocess.Popen[bytes], log: Path, looked: Callable[[], ToxiproxyClient | None]
) -> ToxiproxyClient:
    """Return the client that *looked* finds; end *process* where it finds none."""
    deadline_ns = clock.elapsed_ns() + int(_START_DEADLINE_S * 1e9)
    while (client := looked()) is None:
        # Asked before its log is read: what it says last must not be missed.
        runs = process.poll() is None
        said = log.read_text("utf-8", "replace")
        if runs and clock.elapsed_ns() < deadline_ns and _CLASH not in said:
            clock.pause_s(0.002)
            continue
        _end(process)
        raise ToxiproxyUnavailableError(
            f"Started {_named(process)}: expected a Toxiproxy to answer within {_START_DEADLINE_S:g} s, saw exit "
            f"status {process.returncode}. Its log ends:\n{said[-2000:]}"
        )
    return client
