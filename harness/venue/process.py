"""The venue as a process of its own: killing a worker, Redis or the harness's threads never touches its book."""

from __future__ import annotations

import atexit
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Self

from harness import clock
from harness.processes.folder import make_folder, remove_folder
from harness.venue.book import StoredBook, read_book
from harness.venue.client import DEFAULT_TIMEOUT_S, VenueClient, VenueControl
from harness.venue.errors import VenueUnavailableError
from harness.venue.forking import fork_venue

if TYPE_CHECKING:
    from harness.venue.forking import ForkedVenue

_START_DEADLINE_NS = 15_000_000_000


class VenueProcess:
    """A venue process, as a context manager or by :meth:`start` and :meth:`stop`. It dies with this process.

    Attributes:
        book_path: The book's file; it stays when the venue stops, unless the venue chose the folder itself.
        socket_path: Where it listens.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        open_orders: bool = False,
        request_life_s: float | None = None,
        archives: bool = False,
        listen: str = "",
    ) -> None:
        """Describe a venue; nothing runs before :meth:`start`.

        Args:
            folder: Where ``book.jsonl`` is created; it must exist. None: a folder of the venue's own, removed by
                :meth:`stop`.
            open_orders: Whether orders stay open until filled, and an open order's id is refused (-2010).
            request_life_s: How long after it was sent a request may still land; None: for ever.
            archives: Whether the book's lines are kept in files alone (:class:`ArchivedBook`).
            listen: ``HOST:PORT`` where it listens besides its unix socket; empty: nowhere.
        """
        self._given_folder = folder
        self._options = [
            *(["--open-orders"] if open_orders else []),
            *(["--request-life", str(request_life_s)] if request_life_s is not None else []),
            *(["--archive"] if archives else []),
            *(["--listen", listen] if listen else []),
        ]
        self._folder: Path | None = None
        self._process: ForkedVenue | None = None
        self._owner = os.getpid()
        self.book_path = Path()
        self.socket_path = Path()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> Self:
        """Start and return when the venue listens.

        Raises:
            VenueUnavailableError: It does not, or was started already; the end of its log is in the message.
        """
        if self._folder is not None:
            raise VenueUnavailableError("start() was called on a started venue; call stop() first")
        self._folder = make_folder()
        self._owner = os.getpid()
        _alive.add(self)
        try:
            self._launch(self._folder)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Kill the process; every acknowledged effect is on the disk. May be called twice."""
        folder, self._folder = self._folder, None
        if folder is None or self._owner != os.getpid():
            return
        try:
            self.kill()
        finally:
            remove_folder(folder)
            _alive.discard(self)

    def kill(self) -> None:
        """SIGKILL the process and return when it is gone. May be called twice."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()

    @property
    def pid(self) -> int:
        """Process id of the running venue."""
        if self._process is None:
            raise VenueUnavailableError("The venue does not run: use it inside `with VenueProcess() as venue:`")
        return self._process.pid

    @property
    def control(self) -> VenueControl:
        """The harness's way to this venue."""
        return VenueControl(self.socket_path)

    def client(self, *, timeout_s: float = DEFAULT_TIMEOUT_S) -> VenueClient:
        """Return a worker's way to this venue; replies are awaited for *timeout_s* seconds."""
        return VenueClient(self.socket_path, timeout_s=timeout_s)

    def read_book(self) -> StoredBook:
        """Read the book's file, also after :meth:`kill`."""
        return read_book(self.book_path)

    def _launch(self, folder: Path) -> None:
        self.socket_path = folder / "venue.sock"
        self.book_path = (self._given_folder or folder) / "book.jsonl"
        log = folder / "venue.log"
        places = ["--socket", str(self.socket_path), "--book", str(self.book_path.absolute())]
        process = self._process = fork_venue([*places, *self._options], log)
        deadline_ns = clock.elapsed_ns() + _START_DEADLINE_NS
        while not _listens(self.socket_path):
            if process.is_gone or clock.elapsed_ns() > deadline_ns:
                said = log.read_text("utf-8", "replace") if log.exists() else ""
                raise VenueUnavailableError(
                    f"Started the venue with its book at {self.book_path}: expected it to listen within 15 s, saw "
                    f"{'its end' if process.is_gone else 'nothing'}. Its log ends:\n{said[-2000:]}"
                )
            clock.pause_s(0.001)


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True


_alive: set[VenueProcess] = set()


@atexit.register
def _stop_all() -> None:
    for venue in list(_alive):
        venue.stop()
