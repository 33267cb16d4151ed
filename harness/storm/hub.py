"""The machine that leads a storm of several: others join it, bring worker processes, and hand in what these wrote.

One port for the conversations; what it says and hears are JSON lines. The worker processes of all machines are one
company. A machine that is lost takes its record with it: the storm then shows nothing of it, and says so.
"""

from __future__ import annotations

import queue
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from harness import clock
from harness.errors import CouldNotRunError
from harness.interruption import stop_if_asked
from harness.storm.gang import Ended
from harness.storm.shared_clock import Difference, boot_id
from harness.workers.messages import Lines, receive, send

if TYPE_CHECKING:
    from harness.storm.gang import Gang
    from harness.storm.plan import StormPlan

MASTER = "{master}"
"""What stands in the addresses of a plan for the machine that leads: each machine knows it by its own name."""
NUMBERS_OF_ONE = 1000
"""Numbers of worker processes that each machine has for its own."""
_ANSWER_S = 10.0
_HAND_IN_S = 300.0


@dataclass(eq=False, slots=True)
class _Machine:
    """A machine that has joined.

    Attributes:
        name: What it calls itself.
        link: The way to it.
        block: Which thousand of numbers its worker processes have.
        running: Its worker processes that run, by number.
        told: Its answers to what it was asked to do.
        difference: How its clock differs from ours.
        is_done: Whether it has handed in everything.
        is_lost: Whether it went away before that.
    """

    name: str
    link: socket.socket
    block: int = 0
    running: set[int] = field(default_factory=set)
    told: queue.SimpleQueue[dict[str, Any]] = field(default_factory=queue.SimpleQueue)
    difference: Difference = field(default_factory=Difference)
    is_done: bool = False
    is_lost: bool = False


class Hub:
    """The company of a storm whose worker processes are on other machines, as a context manager."""

    def __init__(self, leader: Gang, host: str, port: int, *, locust_port: int) -> None:
        """Describe a hub that listens at *host* and *port*; the leader's Locust does at *locust_port*."""
        self._leader = leader
        self._address = host, port
        self._locust_port = locust_port
        self._plan: StormPlan | None = None
        self._joined = threading.Condition()
        self._machines: list[_Machine] = []
        self._ended: queue.SimpleQueue[Ended] = queue.SimpleQueue()

    def __enter__(self) -> Self:
        try:
            self._door = socket.create_server(self._address, family=_family(self._address[0]))
        except OSError as error:
            raise CouldNotRunError(
                f"Tried to listen at {self._address} for other machines: {error}. Choose another --port or --bind."
            ) from error
        threading.Thread(target=self._accept, name="stormproof-hub", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        for machine in self._machines:
            with suppress(OSError):
                machine.link.shutdown(socket.SHUT_RDWR)
            machine.link.close()

    # What a storm asks of its company.

    @property
    def numbers(self) -> list[int]:
        """The worker processes that run, on all machines."""
        with self._joined:
            return sorted(number for machine in self._machines for number in machine.running)

    def recruit(self, plan: StormPlan, _count: int) -> None:
        """Tell whoever joins what to do; Locust itself waits for all worker processes."""
        with self._joined:
            self._plan = plan
            self._joined.notify_all()

    def kill(self, number: int) -> int:
        """SIGKILL a worker process; return when it was gone, on our clock."""
        told = self._ask("kill", number)
        self._leader.bury(number)
        return int(told["at_ns"])

    def replace(self, number: int) -> None:
        """Start another worker process in the place of one that was killed, on the same machine."""
        self._ask("replace", number)

    def pause(self, number: int) -> str:
        """SIGSTOP a worker process; return what shows that it is stopped, empty where nothing does."""
        return str(self._ask("pause", number)["witness"])

    def resume(self, number: int) -> None:
        """SIGCONT a worker process; nothing happens to one that is gone."""
        with suppress(CouldNotRunError):
            self._ask("resume", number)

    def ended(self) -> list[Ended]:
        """Return the worker processes that have ended by themselves since this was asked last."""
        found = []
        with suppress(queue.Empty):
            while True:
                found.append(self._ended.get_nowait())
        return found

    def gather(self) -> None:
        """Have all machines hand in what their worker processes wrote."""
        for machine in self._machines:
            with suppress(OSError):
                send(machine.link, {"do": "finish"})
        deadline_ns = clock.elapsed_ns() + int(_HAND_IN_S * 1e9)
        with self._joined:
            while any(not (machine.is_done or machine.is_lost) for machine in self._machines):
                stop_if_asked()
                if clock.elapsed_ns() > deadline_ns:
                    break
                self._joined.wait(0.1)

    @property
    def lost(self) -> list[str]:
        """Say of which machines the record is not there."""
        return [
            f"machine {machine.name} was lost with its record before it had handed it in"
            for machine in self._machines
            if not machine.is_done
        ]

    @property
    def notes(self) -> list[str]:
        """Say which machines took part, and how well their clocks are known."""
        return [
            f"machine {each.name} took part; its clock is "
            + (f"known to {each.difference.error_ns / 1e6:.3f} ms" if each.difference.error_ns else "ours")
            for each in self._machines
        ]

    # Within.

    def _ask(self, what: str, number: int) -> dict[str, Any]:
        """Have the machine of a worker process do something, and return what it says.

        Raises:
            CouldNotRunError: It says nothing.
        """
        for machine in self._machines:
            if machine.block == number // NUMBERS_OF_ONE:
                break
        else:
            raise CouldNotRunError(f"no machine has worker process w{number}")
        try:
            send(machine.link, {"do": what, "number": number})
            return machine.told.get(timeout=_ANSWER_S)
        except (OSError, queue.Empty) as error:
            raise CouldNotRunError(f"machine {machine.name} did not {what} worker process w{number}") from error

    def _accept(self) -> None:
        while True:
            try:
                link, _ = self._door.accept()
            except OSError:
                return
            threading.Thread(target=self._converse, args=(link,), name="stormproof-hub", daemon=True).start()

    def _converse(self, link: socket.socket) -> None:
        """Listen to one machine until it is gone, or says what makes no sense."""
        machine = _Machine("a machine", link)
        with suppress(OSError, ValueError, KeyError), link:
            for told in receive(link, Lines()):
                self._hear(machine, told)
        with self._joined:
            machine.is_lost = not machine.is_done
            for number in tuple(machine.running) if machine.is_lost else ():
                self._ended.put(Ended(number, clock.shared_ns(), 0, f"machine {machine.name} is gone"))
            machine.running.clear()
            self._joined.notify_all()

    def _hear(self, machine: _Machine, told: dict[str, Any]) -> None:
        match told["say"]:
            case "time":
                send(machine.link, {"now_ns": clock.shared_ns()})
            case "join":
                self._welcome(machine, told)
            case "clock":
                is_ours = told["boot"] == boot_id()
                machine.difference = Difference() if is_ours else Difference(told["ahead_ns"], told["error_ns"])
            case "started":
                with self._joined:
                    machine.running.add(int(told["number"]))
            case "ended":
                number = self._gone(machine, told)
                at_ns = told["at_ns"] + machine.difference.ahead_ns + machine.difference.error_ns
                self._ended.put(Ended(number, at_ns, told["status"], told["said"]))
            case "lines":
                lines = (machine.difference.dated(line.encode("ascii")) for line in told["lines"])
                with (self._leader.folder / _plain(told["file"])).open("ab") as file:
                    file.writelines(line + b"\n" for line in lines)
            case "done":
                with self._joined:
                    machine.is_done = True
                    self._joined.notify_all()
            case _:
                if "at_ns" in told:
                    self._gone(machine, told)
                    told["at_ns"] += machine.difference.ahead_ns + machine.difference.error_ns
                machine.told.put(told)

    def _gone(self, machine: _Machine, told: dict[str, Any]) -> int:
        """Strike a worker process off the list and return its number."""
        number = int(told["number"])
        with self._joined:
            machine.running.discard(number)
        return number

    def _welcome(self, machine: _Machine, told: dict[str, Any]) -> None:
        """Tell a machine the plan, once there is one, and its numbers."""
        with self._joined:
            while self._plan is None:
                self._joined.wait()
            machine.name = f"{told['name']}#{len(self._machines) + 1}"
            self._machines.append(machine)
            machine.block = len(self._machines)
        first = machine.block * NUMBERS_OF_ONE
        send(machine.link, {"plan": self._plan.to_object(), "first": first, "locust_port": self._locust_port})


def _plain(name: str) -> str:
    """Return the name of a bucket's file.

    Raises:
        ValueError: It is none: it must not name a place elsewhere.
    """
    bucket, _, rest = name.partition(".w")
    if not bucket.isdecimal() or not rest.removesuffix(".jsonl").isdecimal():
        raise ValueError(f"{name!r} names no file of a worker process")
    return name


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
