"""The nursery of a crew: ``python -m harness.workers`` loads once what every worker needs, and forks the workers.

A worker is a process like any other: it has its own guard, and is killed, stopped and found by its number. Only the
time to load Python and its libraries is spent once. The nursery has one thread and opens nothing but its link, so
that nothing is shared by two workers; a user's own module is never executed here.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import redis  # noqa: F401 - loaded here so that no worker has to

from harness.processes.child import die_with
from harness.subjects.box import BOX
from harness.subjects.loading import load_subject
from harness.venue.client import VenueClient
from harness.workers.messages import BROKEN, CALL, DONE, EVENT, HELLO, RECONCILE, Lines, receive, send
from harness.workers.worker import Worker
from verify.history.events import to_object

if TYPE_CHECKING:
    from verify.history.events import Event


def main() -> None:
    """Fork a worker for every message, and tell its process id; end when the harness is gone."""
    folder, subject = Path(sys.argv[1]), sys.argv[2]
    if subject in BOX:
        # What is wrong with it, a worker says.
        with suppress(Exception):
            load_subject(subject)
    # Whoever ends is reaped by the kernel: the harness waits for a worker by other means.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    link = _connected(folder)
    nursery = os.getpid()
    for told in receive(link, Lines()):
        pid = os.fork()
        if not pid:
            link.close()
            _be_born(folder, told, nursery)
        send(link, {"pid": pid})


def _be_born(folder: Path, told: dict[str, Any], nursery: int) -> None:
    """Work in the forked process, and end it."""
    status = 1
    try:
        die_with(nursery)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        log = os.open(folder / f"{told['name']}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log, sys.stdout.fileno())
        os.dup2(log, sys.stderr.fileno())
        _work(_connected(folder), **told)
        status = 0
    except BaseException:  # noqa: BLE001 - it must never come back into the nursery's loop
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _work(
    link: socket.socket, *, name: str, subject: str, redis_url: str, venue: str, lease_s: float, request_life_s: float
) -> None:
    """Make the guard of a subject, whose module is executed anew here, and work until the harness is gone."""
    try:
        make = load_subject(subject).load()
        guard = make(redis_url, lease_s)
    except Exception as error:  # noqa: BLE001 - told to the harness, which ends the story
        send(link, {"say": BROKEN, "name": name, "why": f"{type(error).__name__}: {error}"})
        return

    def report(event: Event) -> None:
        send(link, {"say": EVENT, "event": to_object(event)})

    worker = Worker(report, make, guard, VenueClient(venue), request_life_s)
    send(link, {"say": HELLO, "name": name})
    tasks = {CALL: worker.call, RECONCILE: worker.reconcile}
    for order in receive(link, Lines()):
        tasks[order["do"]](order)
        send(link, {"say": DONE})


def _connected(folder: Path) -> socket.socket:
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    link.connect(str(folder / "crew"))
    return link


if __name__ == "__main__":
    main()
