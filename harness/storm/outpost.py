"""A machine that joins a storm: it brings worker processes, strikes them as it is told, and hands in their record."""

from __future__ import annotations

import platform
import selectors
import socket
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import clock
from harness.errors import CouldNotRunError
from harness.interruption import stop_if_asked
from harness.processes.folder import make_folder, remove_folder
from harness.storm.gang import Gang, check_locust
from harness.storm.hub import MASTER
from harness.storm.plan import StormPlan
from harness.storm.shared_clock import boot_id, measure
from harness.subjects.loading import load_subject
from harness.subjects.search_path import own_places
from harness.workers.messages import Lines, receive, send

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.storm.shared_clock import Difference

_JOIN_S = 120.0
_TICK_S = 0.05
_LINES = 500
"""Lines that are handed in at once."""


def join(host: str, port: int, processes: int, say: Callable[[str], None]) -> str:
    """Take part in the storm that is led at *host* and *port* with so many worker processes, to its end.

    Returns:
        What was done, in one sentence. The verdict is with whoever leads.

    Raises:
        CouldNotRunError: Nobody leads there, or they went away before everything was handed in.
        WrongInputError: The subject is not on this machine.
    """
    check_locust()
    say(f"waiting for a storm at {host}:{port}")
    with _connected(host, port) as link:
        return _Outpost(host, link, say).take_part(processes)


class _Outpost:
    """One machine's part in a storm."""

    def __init__(self, host: str, link: socket.socket, say: Callable[[str], None]) -> None:
        self._host = host
        self._link = link
        self._say = say
        self._incoming = receive(link, Lines())

    def take_part(self, processes: int) -> str:
        before = self._measured()
        send(self._link, {"say": "join", "name": platform.node() or "unnamed"})
        welcome = self._next()
        plan = self._at_home(StormPlan.from_object(welcome["plan"]), before)
        self._tell_clock(before)
        with ExitStack() as stack:
            folder = make_folder()
            stack.callback(remove_folder, folder)
            gang = Gang(folder, self._host, int(welcome["locust_port"]), first=int(welcome["first"]))
            stack.enter_context(gang)
            plan = replace(plan, folder=str(gang.folder))
            for _ in range(processes):
                send(self._link, {"say": "started", "number": gang.work(plan)})
            self._say(f"{processes} worker processes take part in a storm at {self._host}")
            self._obey(gang)
            gang.gather()
            self._tell_clock(before.widened(self._measured()))
            return self._hand_in(gang)

    # Within.

    def _at_home(self, plan: StormPlan, difference: Difference) -> StormPlan:
        """Return the plan as this machine can carry it out."""
        subject = load_subject(plan.subject, promise=plan.promise)
        host = f"[{self._host}]" if ":" in self._host else self._host
        return replace(
            plan,
            subject=subject.name if subject.is_boxed else subject.place,
            redis_url=plan.redis_url.replace(MASTER, host),
            venue=plan.venue.replace(MASTER, host),
            began_ns=plan.began_ns - difference.ahead_ns,
            imports_from=tuple(str(Path(place).absolute()) for place in ("", *own_places())),
        )

    def _obey(self, gang: Gang) -> None:
        """Do what is told, and tell who ends, until it is over."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._link, selectors.EVENT_READ)
            while True:
                stop_if_asked()
                for ended in gang.ended():
                    told = {"number": ended.number, "at_ns": ended.at_ns, "status": ended.status, "said": ended.said}
                    send(self._link, {"say": "ended", **told})
                if selector.select(_TICK_S) and not self._do(gang, self._next()):
                    return

    def _do(self, gang: Gang, order: dict[str, Any]) -> bool:
        """Do one thing and say that it is done; return whether to go on."""
        number = int(order.get("number", 0))
        done: dict[str, Any] = {"say": "did", "number": number}
        match order["do"]:
            case "finish":
                return False
            case "kill":
                done["at_ns"] = gang.kill(number)
            case "replace":
                send(self._link, {"say": "started", "number": gang.replace(number)})
            case "pause":
                done["witness"] = gang.pause(number)
            case "resume":
                gang.resume(number)
        send(self._link, done)
        return True

    def _hand_in(self, gang: Gang) -> str:
        paths = sorted(gang.folder.glob("*.w*.jsonl"))
        for path in paths:
            lines = path.read_bytes().split(b"\n")[:-1]
            for at in range(0, len(lines), _LINES):
                some = [line.decode("ascii") for line in lines[at : at + _LINES]]
                send(self._link, {"say": "lines", "file": path.name, "lines": some})
        send(self._link, {"say": "done"})
        return f"handed in what the worker processes wrote, {len(paths)} files; the verdict is with {self._host}"

    def _measured(self) -> Difference:
        return measure(clock.shared_ns, self._ask_time)

    def _ask_time(self) -> int:
        send(self._link, {"say": "time"})
        return int(self._next()["now_ns"])

    def _tell_clock(self, difference: Difference) -> None:
        told = {"boot": boot_id(), "ahead_ns": difference.ahead_ns, "error_ns": difference.error_ns}
        send(self._link, {"say": "clock", **told})

    def _next(self) -> dict[str, Any]:
        """Return what is said next.

        Raises:
            CouldNotRunError: They are gone.
        """
        try:
            return next(self._incoming)
        except (StopIteration, OSError) as error:
            raise CouldNotRunError(f"whoever led the storm at {self._host} is gone") from error


def _connected(host: str, port: int) -> socket.socket:
    """Return a connection, as soon as somebody listens there."""
    deadline_ns = clock.elapsed_ns() + int(_JOIN_S * 1e9)
    while True:
        stop_if_asked()
        try:
            link = socket.create_connection((host, port), timeout=_JOIN_S)
        except OSError as error:
            if clock.elapsed_ns() > deadline_ns:
                raise CouldNotRunError(
                    f"Tried to join a storm at {host}:{port} for {_JOIN_S:g} s: {error}. Start the other side with "
                    "stormproof storm --master."
                ) from error
            clock.pause_s(_TICK_S)
        else:
            link.settimeout(None)
            return link
