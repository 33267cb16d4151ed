"""One container of ours: published on loopback, killed and started again with its data, removed without a trace.

It dies with this process: by :meth:`Container.remove`, at the interpreter's end, or by the reaper where the process
was killed. Not safe for use from several threads at once.
"""

from __future__ import annotations

import atexit
import os
import secrets
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from harness.containers.engine import Engine, telling
from harness.containers.errors import ContainersUnavailableError
from harness.containers.reaper import LABEL, Reaper

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

    from testcontainers.core.container import DockerContainer

_LOG_LINES = 30
_TAKEN = ("port is already allocated", "address already in use")


class PortTakenError(ContainersUnavailableError):
    """Somebody else listens on the port that was to be published."""


class Container:
    """A container of *image*.

    Attributes:
        image: What it is made of.
        image_id: The image's digest in hex; empty before the first start.
        name: Its name, which carries the run's mark; empty before the first start.
    """

    def __init__(self, image: str) -> None:
        """Describe a container; nothing is asked of the engine before :meth:`start`."""
        self.image = image
        self.image_id = ""
        self.name = ""
        self._made: DockerContainer | None = None
        self._owner = os.getpid()

    def start(
        self,
        arguments: Sequence[str],
        *,
        publish: tuple[int, int] | None = None,
        files: Mapping[str, bytes] | None = None,
    ) -> None:
        """Create it and start it.

        Args:
            arguments: Words for the image's entry point.
            publish: A port of the container, and the port of loopback at which it is reached. None: it is in the
                host's network, and listens where *arguments* say.
            files: What is put into it before it starts, path to content.

        Raises:
            ContainersUnavailableError: No engine, no such image, or it refused. Nothing is left behind.
            PortTakenError: The port on loopback is taken.
        """
        run = _run_of_this_process()
        self.image_id = run.engine.pull(self.image)
        self._owner, self.name = os.getpid(), run.next_name()
        network = {"network_mode": "host"} if publish is None else {"ports": {publish[0]: ("127.0.0.1", publish[1])}}
        self._made = run.engine.describe(
            self.image, arguments, name=self.name, mark=run.mark, network=network, files=files or {}
        )
        run.alive.add(self)
        try:
            with telling(f"Tried to start a container of {self.image}"):
                self._made.start()
        except ContainersUnavailableError as error:
            # Where the engine is gone, the end of this process says what is left.
            with suppress(ContainersUnavailableError):
                self.remove()
            if any(taken in str(error) for taken in _TAKEN):
                raise PortTakenError(str(error)) from error
            raise
        except BaseException:
            self.remove()
            raise

    def kill(self) -> None:
        """SIGKILL its first process and return when the container has stopped.

        Raises:
            ContainersUnavailableError: The engine is gone, or the container is.
        """
        made = self._there()
        with self._telling("kill"):
            made.reload()
            if made.status == "running":
                made.kill()
                made.wait()

    def start_again(self) -> None:
        """Start it again after :meth:`kill`, with the files that it had, at the port that it had.

        Raises:
            ContainersUnavailableError: The engine is gone, or the container is.
        """
        made = self._there()
        with self._telling("start again"):
            made.start()

    def signal(self, name: str) -> None:
        """Send a signal (``SIGSTOP``, ``SIGCONT``) to its first process.

        Raises:
            ContainersUnavailableError: It does not run, or the engine is gone.
        """
        made = self._there()
        with self._telling(f"send {name} to"):
            made.kill(signal=name)

    @property
    def is_running(self) -> bool:
        """Whether its first process runs."""
        made = self._there()
        with self._telling("look at"):
            made.reload()
            return bool(made.status == "running")

    @property
    def pid(self) -> int:
        """Its first process, as this machine numbers it."""
        made = self._there()
        with self._telling("look at"):
            made.reload()
            return int(made.attrs["State"]["Pid"])

    def log_tail(self) -> str:
        """Return the last 30 lines that it wrote."""
        made = self._there()
        with self._telling("read the log of"):
            return bytes(made.logs(tail=_LOG_LINES)).decode("utf-8", "replace")

    def remove(self) -> None:
        """Kill it and remove it with its volumes. May be called twice, and after a failed start.

        Raises:
            ContainersUnavailableError: The engine is gone. At the end of this process it is tried again and said what
                is left and how to remove it by hand.
        """
        if self._made is None or self._owner != os.getpid():
            return
        run = _run_of_this_process()
        # By its name: where the answer to its making was lost, nobody but the engine knows that there is one.
        run.engine.remove_marked(run.mark, name=self.name)
        self._made.get_docker_client().client.close()
        self._made = None
        run.alive.discard(self)

    def _there(self) -> Any:
        if self._made is None:
            raise ContainersUnavailableError(f"The container of {self.image} is not started")
        return self._made.get_wrapped_container()

    def _telling(self, what: str) -> AbstractContextManager[None]:
        return telling(f"Tried to {what} the container {self.name} of {self.image}")


class _Run:
    """What this process has of the engine."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.engine = Engine()
        self.mark = f"{self.pid}-{secrets.token_hex(4)}"
        self.alive: set[Container] = set()
        self._reaper = Reaper(self.mark)
        self._made = 0

    @property
    def remedy(self) -> str:
        return f"Remove by hand: docker rm -f -v $(docker ps -aq --filter label={LABEL}={self.mark})"

    def next_name(self) -> str:
        self._made += 1
        return f"stormproof-{self.mark}-{self._made}"

    def end(self) -> None:
        for container in list(self.alive):
            with suppress(ContainersUnavailableError):
                container.remove()
        if self.alive:
            left = ", ".join(sorted(container.name for container in self.alive))
            sys.stderr.write(f"stormproof: containers are left behind: {left}. {self.remedy}\n")
        # The reaper tries once more.
        self._reaper.let_go(nothing_left=not self.alive)
        self.engine.close()


_runs: list[_Run] = []


def _run_of_this_process() -> _Run:
    """Return this process's run; a forked copy of the process has one of its own."""
    if not _runs or _runs[-1].pid != os.getpid():
        _runs[:] = [_Run()]
    return _runs[-1]


@atexit.register
def _end() -> None:
    if _runs and _runs[-1].pid == os.getpid():
        _runs.pop().end()
