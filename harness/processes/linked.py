"""Python processes of our own that do work for us, each at the other end of a link. They die with us."""

from __future__ import annotations

import socket
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Self

from harness import clock
from harness.errors import CouldNotRunError
from harness.interruption import stop_if_asked
from harness.processes.child import spawn_module, wait_until_gone
from harness.processes.folder import make_folder, remove_folder

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

TICK_S = 0.1
"""How long to wait at most before the user's wish to stop is asked for again."""

_START_S = 60.0
_END_S = 10.0
_MOST_SAID = 500


@dataclass(slots=True, eq=False)
class Linked:
    """One process and the link to it.

    Attributes:
        process: It.
        link: Our end.
        log: What it prints.
    """

    process: subprocess.Popen[bytes]
    link: Connection
    log: Path

    @property
    def last_words(self) -> str:
        """The end of what it printed, on one line."""
        return _last_words(self.log)


class LinkedProcesses:
    """Starts processes and links them to this one. As a context manager it leaves none behind."""

    def __enter__(self) -> Self:
        self._linked: list[Linked] = []
        self._folder = make_folder()
        self._door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._door.bind(str(self._folder / "door"))
        self._door.listen()
        return self

    def __exit__(self, *_: object) -> None:
        for linked in self._linked:
            linked.link.close()
        for linked in list(self._linked):
            self.let_go(linked)
        self._door.close()
        remove_folder(self._folder)

    def start(self, module: str, number: int) -> Linked:
        """Start ``python -m MODULE SOCKET`` and return it when it has connected to the socket.

        Args:
            module: What it runs; it must end when its link does.
            number: Names its log.

        Raises:
            CouldNotRunError: It ends or hangs before it connects.
        """
        log = self._folder / f"{number}.log"
        process = spawn_module(module, str(self._folder / "door"), log=log)
        link = meet(self._door, process, what="a process of --jobs", log=log)
        linked = Linked(process, Connection(link.detach()), log)
        self._linked.append(linked)
        return linked

    def let_go(self, linked: Linked) -> None:
        """Close the link and see the process end; one that does not is killed."""
        linked.link.close()
        if not wait_until_gone(linked.process.pid, deadline_s=_END_S):
            linked.process.kill()
        linked.process.wait()
        self._linked.remove(linked)

    def interrupt(self) -> None:
        """Ask every process to break off what it does, as the user would."""
        for linked in self._linked:
            with suppress(ProcessLookupError):
                linked.process.terminate()


def meet(door: socket.socket, process: subprocess.Popen[bytes], *, what: str, log: Path) -> socket.socket:
    """Return the connection that *process* makes to *door*, which listens.

    Raises:
        CouldNotRunError: It ends or hangs before. It is gone then.
    """
    try:
        return _accepted(door, process, what, log)
    except BaseException:
        process.kill()
        process.wait()
        raise


def _accepted(door: socket.socket, process: subprocess.Popen[bytes], what: str, log: Path) -> socket.socket:
    door.settimeout(TICK_S)
    deadline_ns = clock.elapsed_ns() + int(_START_S * 1e9)
    while True:
        stop_if_asked()
        try:
            link, _ = door.accept()
        except TimeoutError:
            if process.poll() is None and clock.elapsed_ns() < deadline_ns:
                continue
            raise CouldNotRunError(f"{what} did not start: {_last_words(log)}") from None
        link.setblocking(True)
        return link


def _last_words(log: Path) -> str:
    return " ".join(log.read_text("utf-8", "replace").split())[-_MOST_SAID:] or "the last one said nothing"
