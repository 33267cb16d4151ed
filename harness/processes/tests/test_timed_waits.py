"""A time limit that the kernel measures is seen, and a wait without one is none."""

from __future__ import annotations

import subprocess
import sys

import pytest

from harness.processes.sleeping import are_asleep
from harness.processes.timed_waits import timed_wait_of

BEGINNING = """
import _thread, queue, select, socket, time
lock, (one, other) = _thread.allocate_lock(), socket.socketpair()
lock.acquire()
poll = select.poll()
poll.register(one)
poll.modify(one, 0)
epoll = select.epoll()
print(flush=True)
"""


@pytest.mark.parametrize(
    ("timed", "untimed"),
    [
        ("lock.acquire(timeout=500)", "lock.acquire()"),
        ("queue.SimpleQueue().get(timeout=500)", "queue.SimpleQueue().get()"),
        ("select.select([one], [], [], 500)", "select.select([one], [], [])"),
        ("poll.poll(500_000)", "poll.poll()"),
        ("epoll.poll(500)", "epoll.poll()"),
        ("time.sleep(500)", "one.recv(1)"),
    ],
)
def test_limit_is_seen(timed: str, untimed: str) -> None:
    """Of the same wait, with and without one."""
    assert bool(seen_in(timed))
    assert not seen_in(untimed)


def seen_in(wait: str) -> str:
    """Return what is seen of a process that waits so."""
    with subprocess.Popen([sys.executable, "-c", BEGINNING + wait], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            while not are_asleep([process.pid]):
                pass
            return timed_wait_of(process.pid)
        finally:
            process.kill()
