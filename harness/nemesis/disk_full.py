"""disk_full: the disk of the append-only file is full, and the server cannot write down what it is told."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from harness.errors import CouldNotRunError
from harness.nemesis.evidence import error_of, run_id
from harness.nemesis.fault import OWN, Injection, RealFault
from harness.nemesis.figures import check_at_least
from harness.nemesis.return_of_server import bring_back
from harness.nemesis.site import Need
from harness.nemesis.small_disk import SmallDisk
from harness.nemesis.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from harness.nemesis.site import Site
    from harness.redis_server.server import RedisServer

_PROBE = "stormproof:probe"
_LARGER_THAN_A_PAGE = "." * 16_384


def plan(site: Site, *, kilobytes: int = 4096) -> Injection:
    """Let the server start again with its append-only file on a disk of *kilobytes* (1024 or more), and fill that.

    Raises:
        WrongInputError: *kilobytes* is below 1024.
        CouldNotRunError: The server (Redis 6) keeps the file beside its socket.
    """
    check_at_least("disk_full", 1024, kilobytes=kilobytes)
    server = site.own_server
    folder = server.append_only_file().parent
    if folder == server.folder:
        raise CouldNotRunError(
            f"Tried to fill the disk of the append-only file: {server.binary.name} {server.binary.version} keeps it "
            "beside its socket. Use a server from version 7 on."
        )
    full = _FullDisk(server, SmallDisk(folder, kilobytes=kilobytes), folder.with_name("hidden"))
    return Injection(
        strike=full.make,
        look=full.look,
        heal=(lambda: bring_back(server), full.move_back, full.free),
    )


class _FullDisk:
    """The small disk under the append-only file of one server."""

    def __init__(self, server: RedisServer, disk: SmallDisk, aside: Path) -> None:
        self._server = server
        self._disk = disk
        self._aside = aside

    def make(self) -> None:
        """Move the file to the small disk, start the server on it, and fill it."""
        folder = self._server.append_only_file().parent
        self._server.kill()
        shutil.copytree(folder, self._aside)
        self._disk.mount()
        shutil.copytree(self._aside, folder, dirs_exist_ok=True)
        self._server.restart()
        self._disk.fill()
        until(lambda: bool(self.look()), "the server to meet the full disk")

    def look(self) -> str:
        """Return what the server says of its disk."""
        if not self._disk.is_mounted:
            return ""
        answered = error_of(self._server, "SET", _PROBE, _LARGER_THAN_A_PAGE)
        if "MISCONF" in answered:
            return f"the disk of the append-only file is full, a SET was answered {answered!r}"
        said = [line for line in self._server.log_tail().splitlines() if "AOF write error" in line]
        return f"the server ended: {said[-1]}" if said and not run_id(self._server) else ""

    def free(self) -> None:
        """Make place, and let a server that lives write down what it still holds."""
        self._disk.free()
        if self._disk.is_mounted and run_id(self._server):
            until(lambda: self._server.client().unlink(_PROBE) >= 0, "the server to write again")

    def move_back(self) -> None:
        """Put the file where it was before."""
        if self._disk.is_mounted:
            folder = self._server.append_only_file().parent
            if run_id(self._server):
                self._server.kill()
            shutil.rmtree(self._aside)
            shutil.copytree(folder, self._aside)
            self._disk.unmount()
            shutil.rmtree(folder)
            self._aside.rename(folder)
        shutil.rmtree(self._aside, ignore_errors=True)


FAULT = RealFault(
    name="disk_full",
    what="The server starts again with its append-only file on a small disk (tmpfs), which is then filled. Inside "
    "the block writes are refused (MISCONF); with `appendfsync always` the server ends. Not on Redis 6, which keeps "
    "the file beside its socket.",
    witness="A SET is answered MISCONF, or the server's log says why it ended.",
    demand="May answer with an error or that it is in doubt. May not forget an effect that was done, nor "
    "run it again.",
    heals="The file is where it was, with all that was written; the server starts again, the disk is unmounted.",
    blast_radius="Every write to one server of ours, and every connection to it.",
    needs=frozenset({Need.APPEND_ONLY}),
    providers=OWN,
    plan=plan,
)
inject = FAULT.inject
