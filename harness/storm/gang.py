"""The Locust processes of one machine: one that leads and some that work, started, killed and listened to.

A worker process is known by its number, which no other one has, also not on another machine. Nothing of Locust is
imported here.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from harness import clock
from harness.errors import CouldNotRunError
from harness.nemesis.evidence import is_stopped
from harness.processes.child import spawn_module, wait_until_gone
from harness.storm.plan import GONE, STATUS

if TYPE_CHECKING:
    import subprocess

    from harness.storm.plan import StormPlan

LOCUSTFILE = Path(__file__).with_name("locustfile.py")
WORKERS = "workers"
"""Where Locust processes write until all of it is brought together, in the folder of the part: where the harness dies
before, it is still there."""
_MODULE = "harness.storm.locust_process"
_STOP_S = 10
"""Seconds that users get to finish what they do when the storm ends."""
_END_S = 8.0
_WORDS = 600
_QUIET = ("--loglevel", "WARNING")
_READ_BYTES = 1 << 16
"""Of a log no more than its end is read: memory does not grow with what was said."""


def check_locust() -> None:
    """See that Locust is there.

    Raises:
        CouldNotRunError: It is not installed.
    """
    if importlib.util.find_spec("locust") is None:
        raise CouldNotRunError(
            "Tried to start a storm: expected Locust to be installed, and it is not. Install the extra: "
            "pip install 'stormproof[storm]'"
        )


@dataclass(frozen=True, slots=True)
class Ended:
    """A worker process that is gone.

    Attributes:
        number: Its number.
        at_ns: When it was seen to be gone.
        status: Its exit status; below zero, the signal that ended it.
        said: The end of what it printed, on one line.
    """

    number: int
    at_ns: int
    status: int
    said: str

    @property
    def how(self) -> str:
        """How it ended, in words."""
        return f"signal {signal.Signals(-self.status).name}" if self.status < 0 else f"status {self.status}"


class Gang:
    """Locust processes. As a context manager it leaves none behind.

    Attributes:
        folder: Where they write.
    """

    def __init__(self, folder: Path, host: str, port: int, *, first: int = 1) -> None:
        """Describe processes that write into *folder*, and whose leader is at *host* and *port*.

        Args:
            folder: A new one is made for them there; it stays.
            host: Of the leader.
            port: Of the leader.
            first: The number of the first worker process.
        """
        self.folder = folder.absolute() / WORKERS
        self._next = first
        self._host = host
        self._port = port
        self._leader: subprocess.Popen[bytes] | None = None
        self._workers: dict[int, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True)
        return self

    def __exit__(self, *_: object) -> None:
        for process in [*self._workers.values(), *filter(None, [self._leader])]:
            process.kill()
            process.wait()

    def lead(self, plan: StormPlan, *, workers: int, web: tuple[str, int] | None) -> None:
        """Start the process that leads the others; the storm begins when *workers* have come.

        Args:
            plan: The storm.
            workers: Worker processes that are waited for.
            web: Host and port of Locust's own page; None: no page.
        """
        arguments = ["--master", "--master-bind-host", self._host, "--master-bind-port", str(self._port)]
        arguments += ["--expect-workers", str(workers), "--enable-rebalancing"]
        arguments += ["-u", str(plan.users), "-r", str(plan.users), "-t", f"{plan.seconds}s"]
        arguments += ["--stop-timeout", str(_STOP_S)]
        if web is None:
            arguments += ["--headless", "--only-summary"]
        else:
            arguments += ["--autostart", "--autoquit", "0", "--web-host", web[0], "--web-port", str(web[1])]
        self._leader = self._start(plan, 0, *arguments)

    def work(self, plan: StormPlan) -> int:
        """Start a worker process and return its number, which no other one has had."""
        number, self._next, self._plan = self._next, self._next + 1, plan
        # A guard may say something of every call, and Locust would write it down: a log as long as the storm.
        self._workers[number] = self._start(
            plan, number, "--worker", "--master-host", self._host, "--master-port", str(self._port), *_QUIET
        )
        return number

    def recruit(self, plan: StormPlan, count: int) -> None:
        """Start so many worker processes."""
        for _ in range(count):
            self.work(plan)

    def replace(self, _number: int) -> int:
        """Start another worker process in the place of one that was killed; return its number."""
        return self.work(self._plan)

    @property
    def numbers(self) -> list[int]:
        """The worker processes that run."""
        return [number for number, process in self._workers.items() if process.poll() is None]

    @property
    def pids(self) -> list[int]:
        """The process ids of the worker processes that run."""
        return [self._workers[number].pid for number in self.numbers]

    def kill(self, number: int) -> int:
        """SIGKILL a worker process; return when it was gone, on the clock that processes share."""
        process = self._workers.pop(number)
        process.kill()
        process.wait()
        at_ns = clock.shared_ns()
        self.bury(number)
        return at_ns

    def bury(self, number: int) -> None:
        """Tell the leader that a worker process is dead, so that others get its users."""
        with (self.folder / GONE).open("a", encoding="ascii") as gone:
            gone.write(f"{number}\n")

    def pause(self, number: int) -> str:
        """SIGSTOP a worker process; return what shows that it is stopped, empty where nothing does."""
        pid = self._workers[number].pid
        os.kill(pid, signal.SIGSTOP)
        return f"the kernel says that worker process w{number} ({pid}) is stopped" if is_stopped(pid) else ""

    def resume(self, number: int) -> None:
        """SIGCONT a worker process; nothing happens to one that is gone."""
        if number in self._workers:
            os.kill(self._workers[number].pid, signal.SIGCONT)

    def ended(self) -> list[Ended]:
        """Return the worker processes that have ended by themselves since this was asked last."""
        gone = [number for number, process in self._workers.items() if process.poll() is not None]
        return [
            Ended(number, clock.shared_ns(), self._workers.pop(number).returncode, self._said(number))
            for number in gone
        ]

    def leader_ended(self) -> Ended | None:
        """Return how the leader ended; None while it runs."""
        if self._leader is None or self._leader.poll() is None:
            return None
        return Ended(0, clock.shared_ns(), self._leader.returncode, self._said(0))

    def disband(self) -> None:
        """SIGKILL all worker processes."""
        for number in list(self._workers):
            self.kill(number)

    def gather(self) -> None:
        """Wait until the workers have ended, which the leader has told them to; end those that do not."""
        deadline_ns = clock.elapsed_ns() + int(_END_S * 1e9)
        for process in self._workers.values():
            if not wait_until_gone(process.pid, deadline_s=max(0.0, (deadline_ns - clock.elapsed_ns()) / 1e9)):
                process.kill()
            process.wait()
        self._workers.clear()

    @property
    def lost(self) -> list[str]:
        """Say whose record is not there: nobody's, as what a worker process wrote is on this machine."""
        return []

    @property
    def notes(self) -> list[str]:
        """Say which machines took part, where there are several."""
        return []

    def status(self) -> dict[str, Any]:
        """Return what the leader said last of how far the storm is; empty before it has said anything."""
        path = self.folder / STATUS
        if not path.exists():
            return {}
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - 4096))
            lines = file.read().split(b"\n")[:-1]
        return json.loads(lines[-1]) if lines and lines[-1].startswith(b"{") else {}

    def _start(self, plan: StormPlan, number: int, *arguments: str) -> subprocess.Popen[bytes]:
        return spawn_module(
            _MODULE,
            # That a guard was in doubt is no failure of Locust's, which would tell it by its exit status.
            *("-f", str(LOCUSTFILE), "--exit-code-on-error", "0", *arguments),
            log=self._log(number),
            environment=plan.environment(number),
        )

    def _log(self, number: int) -> Path:
        return self.folder / f"{number}.log"

    def _said(self, number: int) -> str:
        with self._log(number).open("rb") as log:
            log.seek(max(0, log.seek(0, 2) - _READ_BYTES))
            return " ".join(log.read().decode("utf-8", "replace").split())[-_WORDS:]
