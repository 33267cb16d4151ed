"""What several faults read back from the world to show that they bit. Reads only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import redis

from harness import clock
from harness.processes.child import process_state
from harness.redis_server.redis_py import info

if TYPE_CHECKING:
    from harness.nemesis.site import Server

STOPPED = "T"
"""The kernel's letter for a process that is stopped."""
LOOK_S = 0.2
"""How long an answer is waited for where the expected sight is that none comes."""


def told(server: Server, section: str, field: str) -> str:
    """Return one field of INFO, empty where the server has none of that name."""
    client = server.client()
    try:
        return str(info(client, section).get(field, ""))
    finally:
        client.close()


def run_id(server: Server) -> str:
    """Return the server's run id, empty where it does not answer."""
    try:
        return told(server, "server", "run_id")
    except redis.RedisError:
        return ""


def error_of(server: Server, *command: str | bytes | int, timeout_s: float = 5.0) -> str:
    """Send a command and return the error that came for an answer, empty where it was none."""
    client = server.client(timeout_s=timeout_s)
    try:
        client.execute_command(*command)  # type: ignore[no-untyped-call]
    except redis.RedisError as error:
        return f"{type(error).__name__}: {error}"
    finally:
        client.close()
    return ""


def is_stopped(pid: int, *, deadline_s: float = 5.0) -> bool:
    """Return whether process *pid* is stopped within *deadline_s* seconds: SIGSTOP is on its way for a moment."""
    until_ns = clock.elapsed_ns() + int(deadline_s * 1e9)
    while (state := process_state(pid)) != STOPPED and state and clock.elapsed_ns() < until_ns:
        clock.pause_s(0.001)
    return state == STOPPED
