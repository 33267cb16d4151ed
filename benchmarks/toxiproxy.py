"""What the embedded Toxiproxy adds to a command, and how many it carries, against the real one in the same run.

Without a real server (STORMPROOF_TOXIPROXY or toxiproxy-server on PATH) there is nothing to compare with: not run.
"""

from __future__ import annotations

import os
import select
import shutil
import socket
import statistics
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from benchmarks import core
from benchmarks.interleaving import side_by_side
from benchmarks.rows import Row
from benchmarks.workload import NEVER, WrongAnswerError, server_for
from harness.toxiproxy.server import open_toxiproxy
from safety_core.idempotency import Mode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.interleaving import Turn
    from benchmarks.rows import Effort

NAME = "toxiproxy"

_DIRECT, _EMBEDDED, _REAL = "direct", "embedded", "real"
_LATENCY_LIMIT, _THROUGHPUT_LIMIT = 1.2, 1.0
_CALLS, _TURN = 2_000, 100
_CONNECTIONS, _CARRIED, _CARRIED_TURN = 50, 12_000, 300
_SET = b"*3\r\n$3\r\nSET\r\n$4\r\nonce\r\n$7\r\nclaimed\r\n"
_OK = b"+OK\r\n"
_LATENCY = "a SET: added by the embedded Toxiproxy / added by the real one, all on one core"
_THROUGHPUT = "50 connections: seconds per SET through the embedded Toxiproxy / the real one, on a core of its own"


def versus_real(effort: Effort) -> list[Row]:
    """Measure a command over one connection, and many commands over fifty."""
    real = os.environ.get("STORMPROOF_TOXIPROXY") or shutil.which("toxiproxy-server")
    if real is None:
        reason = "no real Toxiproxy: set STORMPROOF_TOXIPROXY to its binary (.ci/toxiproxy builds it)"
        return [Row(benchmark=NAME, case=case, not_run=reason) for case in (_LATENCY, _THROUGHPUT)]
    with server_for(Mode.STRICT) as server, ExitStack() as stack:
        ports = {_DIRECT: server.port}
        proxies: list[int] = []
        for name, choice in ((_EMBEDDED, "embedded"), (_REAL, real)):
            toxiproxy = stack.enter_context(open_toxiproxy(choice))
            ports[name] = toxiproxy.client.create(f"127.0.0.1:{server.port}", NAME).port
            proxies += [toxiproxy.pid] if toxiproxy.pid is not None else []
        return [_latency(effort, ports), _throughput(effort, ports, proxies)]


def _latency(effort: Effort, ports: dict[str, int]) -> Row:
    with ExitStack() as stack:
        turns = {name: stack.enter_context(_one_by_one(port)) for name, port in ports.items()}
        samples = side_by_side(turns, effort, calls=effort.scaled(_CALLS), turn=_TURN)
    us = samples.typical_us()
    return Row(
        benchmark=NAME,
        case=_LATENCY,
        ratio=samples.added(_EMBEDDED, _REAL, without=_DIRECT),
        limit=_LATENCY_LIMIT,
        latency=samples.latency(_EMBEDDED),
        durability=NEVER,
        note=f"direct {us[_DIRECT]:.0f} us, embedded {us[_EMBEDDED]:.0f} us, real {us[_REAL]:.0f} us",
        figures={f"{name}_us": value for name, value in us.items()},
    )


def _throughput(effort: Effort, ports: dict[str, int], proxies: list[int]) -> Row:
    with ExitStack() as stack:
        stack.enter_context(_elsewhere(proxies))
        turns = {name: stack.enter_context(_all_at_once(port)) for name, port in ports.items()}
        samples = side_by_side(turns, effort, calls=effort.scaled(_CARRIED), turn=_CARRIED_TURN)
    rates = {
        name: 1 / statistics.median(statistics.median(repeat) for repeat in repeats)
        for name, repeats in samples.of.items()
    }
    return Row(
        benchmark=NAME,
        case=_THROUGHPUT,
        ratio=samples.ratio(_EMBEDDED, _REAL),
        limit=_THROUGHPUT_LIMIT,
        durability=NEVER,
        note=", ".join(f"{name} {rate:,.0f}/s" for name, rate in rates.items()),
        figures={f"{name}_per_s": rate for name, rate in rates.items()},
    )


@contextmanager
def _elsewhere(pids: list[int]) -> Iterator[None]:
    """Give the proxies another core than client and server have, where there is one, for the length of the block."""
    ours = os.sched_getaffinity(0)
    with core.all_cores() as cores:
        others = set(cores) - ours
    for pid in pids:
        _move(pid, others or ours)
    yield
    for pid in pids:
        _move(pid, ours)


def _move(pid: int, cores: set[int]) -> None:
    """Move every thread of a process: a Go program has several."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), cores)


def _connected(port: int) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), timeout=20)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client


@contextmanager
def _one_by_one(port: int) -> Iterator[Turn]:
    """Give a turn of commands over one connection."""
    with _connected(port) as client:

        def turn(calls: int) -> list[float]:
            spent = []
            for _ in range(calls):
                began = perf_counter()
                client.sendall(_SET)
                reply = client.recv(64)
                spent.append(perf_counter() - began)
                if reply != _OK:
                    raise WrongAnswerError(f"a SET was answered {reply!r}")
            return spent

        yield turn


@contextmanager
def _all_at_once(port: int) -> Iterator[Turn]:
    """Give a turn of commands over many connections, each with one command on its way; all count alike."""
    with ExitStack() as stack, select.epoll() as poller:
        clients = [stack.enter_context(_connected(port)) for _ in range(_CONNECTIONS)]
        by_number = {client.fileno(): client for client in clients}
        for number in by_number:
            poller.register(number, select.EPOLLIN)

        def turn(calls: int) -> list[float]:
            began = perf_counter()
            for client in clients:
                client.sendall(_SET)
            left, due = calls - len(clients), calls
            while due:
                for number, _ in poller.poll():
                    client = by_number[number]
                    if client.recv(64) != _OK:
                        raise WrongAnswerError("a SET was not answered with OK")
                    due -= 1
                    if left > 0:
                        left -= 1
                        client.sendall(_SET)
            return [(perf_counter() - began) / calls]

        yield turn
