"""A process sleeps only where none of its threads could go on."""

from __future__ import annotations

import subprocess
import sys

from harness.processes.sleeping import are_asleep

LOOKS = 5_000
PING_PONG = """
import os, threading
pipes = [os.pipe(), os.pipe()]
def pass_on(to_read, to_write):
    while True:
        os.write(to_write, os.read(to_read, 1))
threading.Thread(target=pass_on, args=(pipes[0][0], pipes[1][1]), daemon=True).start()
threading.Thread(target=pass_on, args=(pipes[1][0], pipes[0][1]), daemon=True).start()
os.write(pipes[0][1], b"x")
print(flush=True)
input()
"""
"""Two threads, one of which could always go on; the third waits for the end."""
WAITING = "print(flush=True); input()"


def looks_at(program: str) -> set[bool]:
    """Return what was seen in many looks at a program that has begun."""
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            return {are_asleep([process.pid]) for _ in range(LOOKS)}
        finally:
            process.kill()


def test_process_whose_threads_wake_each_other_is_awake() -> None:
    """Each look comes upon threads that sleep and threads that do not, in any order; never are all asleep."""
    assert looks_at(PING_PONG) == {False}


def test_process_that_waits_is_asleep() -> None:
    """After a moment in which it comes to its wait, and for good."""
    assert True in looks_at(WAITING)


def test_process_that_is_gone_is_asleep() -> None:
    """Nobody has to wait for it."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    assert are_asleep([process.pid])
