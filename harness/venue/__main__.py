"""``python -m harness.venue``: one interpreter that has everything loaded, and forks a venue for each order.

Started by ``forking`` only. To load takes ten times as long as to fork, and every story has a venue of its own. It
never serves anybody itself, so that a fork copies no thread, no loop and no book.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import select
import socket
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from harness import clock
from harness.processes.child import die_with
from harness.venue.archive import ArchivedBook
from harness.venue.book import Book
from harness.venue.server import VenueServer
from harness.venue.venue import Venue

if TYPE_CHECKING:
    from collections.abc import Sequence

_LONGEST_ORDER = 65536


def serve(arguments: Sequence[str]) -> None:
    """Be a venue until killed."""
    parser = argparse.ArgumentParser(description="the outside world, where effects land")
    parser.add_argument("--socket", type=Path, required=True, help="unix socket to listen on")
    parser.add_argument("--book", type=Path, required=True, help="file to create for the book")
    parser.add_argument("--open-orders", action="store_true", help="orders stay open until they are filled")
    parser.add_argument("--request-life", type=float, default=None, help="seconds; the default is for ever")
    parser.add_argument("--archive", action="store_true", help="keep the book's lines in files alone")
    parser.add_argument("--listen", default="", metavar="HOST:PORT", help="listen there too")
    asyncio.run(_serve(parser.parse_args(arguments)))


async def _serve(options: argparse.Namespace) -> None:
    host, _, port = options.listen.rpartition(":")
    with (ArchivedBook if options.archive else Book)(options.book) as book:
        venue = Venue(
            book, open_orders=options.open_orders, request_life_s=options.request_life, now_ns=clock.shared_ns
        )
        await VenueServer(venue).serve(options.socket, address=(host.strip("[]"), int(port)) if port else None)


def fork_for(control: socket.socket) -> None:
    """Fork a venue for each order that comes, and bury the dead, until whoever orders is gone."""
    running: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([control.fileno(), *running], [], [])
        for one in ready:
            if one in running:
                os.waitpid(running.pop(one), 0)
                os.close(one)
                continue
            order = control.recv(_LONGEST_ORDER)
            if not order:
                return
            parent, pid = os.getpid(), os.fork()
            if not pid:
                for inherited in (*running, control.fileno()):
                    os.close(inherited)
                _become_venue(parent, json.loads(order))
            handle = os.pidfd_open(pid)
            running[handle] = pid
            socket.send_fds(control, [str(pid).encode("ascii")], [handle])


def _become_venue(parent: int, order: dict[str, object]) -> None:
    """Serve in the forked child, and never return to what its parent does."""
    try:
        os.setpgid(0, 0)
        die_with(parent)
        log = os.open(str(order["log"]), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(log, stream.fileno())
        arguments = order["arguments"]
        serve(arguments if isinstance(arguments, list) else [])
    except BaseException:  # noqa: BLE001 - whatever it was, the log must have it
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(1)


def main() -> None:
    """Fork venues until the harness is gone."""
    parser = argparse.ArgumentParser(prog="harness.venue")
    parser.add_argument("--control", type=int, required=True, help="descriptor of the socket that orders come from")
    with socket.socket(fileno=parser.parse_args().control) as control:
        fork_for(control)


if __name__ == "__main__":
    main()
