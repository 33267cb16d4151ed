"""What the proxy gate's doorway adds to a command, against proxies that only hand bytes on.

Each has a process of its own and speaks TCP with the client and a unix socket with the server. One is written with
the protocols of asyncio; the other is served by a poll, as the doorway is, and is the harder one to keep up with.

Half of the commands write. Whether they have changed anything is in their replies. Where it is not, behind scripts
and transactions, the gate asks the server too.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from time import perf_counter
from typing import TYPE_CHECKING

from benchmarks.async_pass_through import loop_name
from benchmarks.interleaving import side_by_side
from benchmarks.proxy_server import ASYNCIO, BYTES, GATE
from benchmarks.rows import Row
from benchmarks.workload import NEVER, WrongAnswerError, fresh_ids, server_for
from harness.explorer.gate.resp import packed
from safety_core.idempotency import Mode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.interleaving import Samples, Turn
    from benchmarks.rows import Effort
    from harness.redis_server.server import RedisServer

NAME = "proxy-latency"

_LIMIT = 1.2
_CALLS, _TURN = 1_200, 60
_DIRECT = "direct"


def latency(effort: Effort) -> list[Row]:
    """Measure a claim and a look at it: directly, through each proxy."""
    with server_for(Mode.STRICT) as server, ExitStack() as stack:
        ports = {_DIRECT: server.port}
        ports |= {kind: stack.enter_context(_proxy(kind, server)) for kind in (ASYNCIO, BYTES, GATE)}
        turns = {name: stack.enter_context(_pairs_through(port)) for name, port in ports.items()}
        samples = side_by_side(turns, effort, calls=effort.scaled(_CALLS), turn=_TURN)
    return [_row(samples, ASYNCIO, f"with {loop_name()}"), _row(samples, BYTES, "with a poll, as the doorway is")]


def _row(samples: Samples, against: str, how: str) -> Row:
    us = samples.typical_us()
    return Row(
        benchmark=NAME,
        case=f"a SET NX and a GET: added by the doorway / added by a byte-level pass-through {how}",
        ratio=samples.added(GATE, against, without=_DIRECT),
        limit=_LIMIT,
        latency=samples.latency(GATE),
        durability=NEVER,
        note=f"direct {us[_DIRECT]:.0f} us, pass-through {us[against]:.0f} us, doorway {us[GATE]:.0f} us",
        figures={f"{name}_us": us[name] for name in (_DIRECT, against, GATE)},
    )


@contextmanager
def _proxy(kind: str, server: RedisServer) -> Iterator[int]:
    """Run a proxy for the length of the block; give its port."""
    argv = [sys.executable, "-m", "benchmarks.proxy_server", kind, server.url]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline() if process.stdout is not None else ""
            if not line:
                raise WrongAnswerError(f"{' '.join(argv)} did not start")
            yield int(line)
        finally:
            process.kill()


@contextmanager
def _pairs_through(port: int) -> Iterator[Turn]:
    """Give a turn of command pairs over one connection to *port*."""
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def turn(calls: int) -> list[float]:
            keys = [f"once:{each}".encode() for each in fresh_ids(calls)]
            pairs = [(packed(b"SET", key, b"claimed", b"NX"), packed(b"GET", key)) for key in keys]
            spent = []
            for claim, look in pairs:
                began = perf_counter()
                client.sendall(claim)
                claimed = client.recv(4096)
                client.sendall(look)
                held = client.recv(4096)
                spent.append(perf_counter() - began)
                if (claimed, held) != (b"+OK\r\n", b"$7\r\nclaimed\r\n"):
                    raise WrongAnswerError(f"a claim was answered {claimed!r}, a look {held!r}")
            return spent

        yield turn
