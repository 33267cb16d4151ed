"""The four crashes of the lattice, each carried out on the real servers of a cell, and read back.

The model of a power loss (Redis docs, "Redis persistence": https://redis.io/docs/latest/operate/oss_and_stack/
management/persistence/). The process is killed, and then the append-only file is cut:

- ``appendfsync always``: nothing that was acknowledged is cut ("fsync every time new commands are appended"). A half
  written command that nobody acknowledged stays behind it.
- ``appendfsync everysec``: the last second ("you may lose 1 second of data if there is a disaster"), and nothing
  that WAITAOF confirmed.
- ``appendfsync no``: the last 30 seconds ("normally Linux will flush data every 30 seconds with this configuration").
- no append-only file: nothing is cut; the server comes back with its last snapshot, as after a kill.

The power goes at the moment of the last plain write, however late a busy machine carries that out. Each is the worst
that the docs allow. A crash returns its witness, or nothing if the server does not show that it
happened.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from redis.exceptions import OutOfMemoryError

from harness.durability.deployment import LIMIT_BYTES, run_id
from harness.redis_server.redis_py import info
from verify.durability.cell import Append, Crash

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import redis

    from harness.durability.deployment import Deployment
    from harness.durability.writes import PlainWrites
    from verify.durability.cell import Configuration

WINDOW_S: Mapping[Append, float] = {Append.EVERYSEC: 1.0, Append.KERNEL: 30.0}
"""How many seconds of writes a power loss may take."""

_TORN = b"*3\r\n$3\r\nSET\r\n$4\r\nto"
_CHUNK = b"x" * 32768
_CHUNKS = 3 * LIMIT_BYTES // len(_CHUNK)
_AT_ONCE = 32


def process_kill(deployment: Deployment, _writes: PlainWrites, _configuration: Configuration) -> str:
    """SIGKILL the primary and start it again with what it left."""
    before = run_id(deployment.primary)
    deployment.primary.kill()
    deployment.primary.restart()
    return _other(before, run_id(deployment.primary))


def tail_cut(deployment: Deployment, writes: PlainWrites, configuration: Configuration) -> str:
    """SIGKILL the primary, cut what a power loss may take from its append-only file, and start it again."""
    before = run_id(deployment.primary)
    deployment.primary.kill()
    said = "no append-only file to cut"
    if deployment.append is not Append.OFF:
        path = deployment.primary.append_only_file()
        whole = path.stat().st_size
        kept = _kept_bytes(writes, configuration, whole)
        os.truncate(path, kept)
        if kept == whole:
            with path.open("ab") as file:
                file.write(_TORN)
        said = f"append-only file cut from {whole} to {kept} bytes"
    deployment.primary.restart()
    other = _other(before, run_id(deployment.primary))
    return f"{other}, {said}" if other else ""


def failover(deployment: Deployment, _writes: PlainWrites, _configuration: Configuration) -> str:
    """Kill the primary whose replica hears nothing any more, and promote that replica."""
    before = run_id(deployment.primary)
    with deployment.primary.client() as client:
        offset = int(str(info(client, "replication")["master_repl_offset"]))
    after = deployment.fail_over()
    with deployment.survivor.client() as client:
        seen = info(client, "replication")
    held = int(str(seen["second_repl_offset"])) - 1
    other = _other(before, after)
    is_promoted = other and seen["role"] == "master" and held < offset
    return f"{other}, promoted at offset {held} of {offset}" if is_promoted else ""


def memory_pressure(deployment: Deployment, _writes: PlainWrites, _configuration: Configuration) -> str:
    """Write three times the memory limit into keys of somebody else; keys are evicted, or the writes are refused."""
    refused = 0
    with deployment.primary.client() as client:
        before = _evicted(client)
        for first in range(0, _CHUNKS, _AT_ONCE):
            packet = client.pipeline(transaction=False)
            for n in range(first, first + _AT_ONCE):
                packet.set(f"others:{n}", _CHUNK)
            answers = packet.execute(raise_on_error=False)
            refused += sum(isinstance(answer, OutOfMemoryError) for answer in answers)
        evicted = _evicted(client) - before
        limit = int(str(info(client, "memory")["maxmemory"]))
    if not limit or not (evicted or refused):
        return ""
    return f"evicted_keys {evicted}, {refused} writes refused with OOM, at maxmemory {limit}"


CRASHES: Mapping[Crash, Callable[[Deployment, PlainWrites, Configuration], str]] = {
    Crash.PROCESS_KILL: process_kill,
    Crash.TAIL_CUT: tail_cut,
    Crash.FAILOVER: failover,
    Crash.MEMORY_PRESSURE: memory_pressure,
}
"""How each crash is carried out; each returns its witness, empty if nothing shows that it happened."""


def _kept_bytes(writes: PlainWrites, configuration: Configuration, whole: int) -> int:
    """Return how much of the file a power loss leaves, by the model above."""
    window_s = WINDOW_S.get(configuration.append)
    if window_s is None:
        return whole
    last_ns, _ = writes.sizes[-1]
    safe_ns = last_ns - int(window_s * 1e9)
    older = [size for at_ns, size in writes.sizes if at_ns <= safe_ns]
    return max([*older, writes.sizes[0][1], writes.fsynced_bytes])


def _other(before: str, after: str) -> str:
    return f"run id {before[:8]} became {after[:8]}" if before != after else ""


def _evicted(client: redis.Redis) -> int:
    return int(str(info(client, "stats")["evicted_keys"]))
