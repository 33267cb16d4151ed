"""Child processes that die with this process, whatever kills it.

Linux sends a child's parent-death signal when the *thread* that forked it ends. So every child is forked by one
thread that lives as long as the process; a server started from a short-lived thread is safe. Must never be used
for a process that is meant to outlive the harness.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import Future
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

from harness import clock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_PR_SET_PDEATHSIG = 1
_ROOT = Path(__file__).resolve().parents[2]
_prctl = ctypes.CDLL(None, use_errno=True).prctl

_Job = tuple["Future[subprocess.Popen[bytes]]", "Callable[[], subprocess.Popen[bytes]]"]


def spawn(
    argv: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    stdin: int = subprocess.DEVNULL,
    stdout: int | None = None,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start *argv* as a child that gets SIGKILL when this process ends, in a process group of its own.

    Args:
        argv: Program and arguments; no shell is involved.
        log: File to which stderr, and stdout unless it is given, are appended.
        env: The child's whole environment; None means a copy of ours.
        stdin: The child's standard input, a descriptor.
        stdout: The child's standard output, a descriptor; None means the log.
        pass_fds: Further descriptors that the child inherits.

    Raises:
        OSError: The program cannot be executed.
    """
    parent = os.getpid()

    def fork() -> subprocess.Popen[bytes]:
        with log.open("ab") as output:
            return subprocess.Popen(
                argv,
                stdin=stdin,
                stdout=output if stdout is None else stdout,
                stderr=output,
                env=env,
                pass_fds=pass_fds,
                process_group=0,
                preexec_fn=lambda: die_with(parent),  # noqa: PLW1509 - see die_with
            )

    return _spawner().run(fork)


def spawn_module(
    module: str,
    *arguments: str,
    log: Path,
    environment: Mapping[str, str] | None = None,
    stdin: int = subprocess.DEVNULL,
    stdout: int | None = None,
) -> subprocess.Popen[bytes]:
    """Start ``python -m MODULE`` with *arguments*, a module of ours, as :func:`spawn` does, with more variables."""
    # -P and our own root first: a package named `harness` in the user's folder must not answer in our place.
    search = os.pathsep.join([str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    argv = [sys.executable, "-P", "-m", module, *arguments]
    variables = {**os.environ, **(environment or {}), "PYTHONPATH": search}
    return spawn(argv, log=log, env=variables, stdin=stdin, stdout=stdout)


def process_state(pid: int) -> str:
    """Return the kernel's letter for what process *pid* does (``T`` stopped, ``Z`` dead), empty where it is gone."""
    try:
        stat = Path("/proc", str(pid), "stat").read_text("utf-8", "replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return stat.rpartition(")")[2].split()[0]


def is_running(pid: int) -> bool:
    """Return whether process *pid* runs; a zombie that nobody has reaped yet runs no more."""
    return process_state(pid) not in {"", "Z", "X"}


def wait_until_gone(pid: int, *, deadline_s: float = 10.0) -> bool:
    """Return whether process *pid* ended within *deadline_s* seconds."""
    deadline_ns = clock.elapsed_ns() + int(deadline_s * 1e9)
    while is_running(pid):
        if clock.elapsed_ns() > deadline_ns:
            return False
        clock.pause_s(0.002)
    return True


def die_with(parent: int) -> None:
    """Run in a forked child, before anything else: ask for SIGKILL when its parent ends.

    Safe although other threads of the parent may have held locks: it takes none, imports nothing and makes two
    system calls. The second one closes the gap in which the parent died before the first.
    """
    _prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
    if os.getppid() != parent:
        os._exit(1)


class _Spawner:
    """The thread that forks. It ends with the process, and only then."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        threading.Thread(target=self._work, name="stormproof-spawner", daemon=True).start()

    def run(self, fork: Callable[[], subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
        answer: Future[subprocess.Popen[bytes]] = Future()
        self._jobs.put((answer, fork))
        return answer.result()

    def _work(self) -> None:
        while True:
            answer, fork = self._jobs.get()
            try:
                answer.set_result(fork())
            except BaseException as error:  # noqa: BLE001 - the caller's thread must see it, this one must live
                answer.set_exception(error)


_current: list[_Spawner] = []
_choosing = threading.Lock()


def _spawner() -> _Spawner:
    """Return this process's spawner; a forked copy of the process has no threads and gets its own."""
    with _choosing:
        if not _current or _current[-1].pid != os.getpid():
            _current[:] = [_Spawner()]
        return _current[-1]
