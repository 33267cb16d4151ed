"""A worker process: ``python -m harness.workers``. Does what it is told, one operation after the other."""

from __future__ import annotations

import argparse
import socket
from typing import TYPE_CHECKING

from harness.subjects.loading import load_subject
from harness.venue.client import VenueClient
from harness.workers.messages import BROKEN, CALL, DONE, EVENT, HELLO, RECONCILE, STOP, Lines, receive, send
from harness.workers.worker import Worker
from verify.history.events import to_object

if TYPE_CHECKING:
    from verify.history.events import Event


def main() -> None:
    """Connect to the harness and work until it says stop or is gone."""
    parser = argparse.ArgumentParser(prog="harness.workers")
    for name in ("socket", "name", "subject", "redis", "venue"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--lease-s", type=float, required=True)
    parser.add_argument("--request-life-s", type=float, required=True)
    given = parser.parse_args()
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    link.connect(given.socket)
    try:
        make = load_subject(given.subject).load()
        guard = make(given.redis, given.lease_s)
    except Exception as error:  # noqa: BLE001 - told to the harness, which ends the story
        send(link, {"say": BROKEN, "name": given.name, "why": f"{type(error).__name__}: {error}"})
        return

    def report(event: Event) -> None:
        send(link, {"say": EVENT, "event": to_object(event)})

    worker = Worker(report, make, guard, VenueClient(given.venue), given.request_life_s)
    send(link, {"say": HELLO, "name": given.name})
    work = {CALL: worker.call, RECONCILE: worker.reconcile}
    for order in receive(link, Lines()):
        if order["do"] == STOP:
            return
        work[order["do"]](order)
        send(link, {"say": DONE})


if __name__ == "__main__":
    main()
