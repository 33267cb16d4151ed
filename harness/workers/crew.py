"""The workers of a story: started, given work, listened to, and gone at the end.

All events of all workers come together here, dated by the one clock that all processes of a machine share.
"""

from __future__ import annotations

import selectors
import signal
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from harness import clock
from harness.errors import CouldNotRunError
from harness.interruption import stop_if_asked
from harness.processes.folder import make_folder, remove_folder
from harness.subjects.contract import USUAL_TYPE
from harness.workers.messages import BROKEN, CALL, DONE, EVENT, HELLO, RECONCILE, Lines, send
from harness.workers.nursery import Forked, Nursery
from verify.history.events import Died, from_object

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from verify.history.events import Event

_TICK_S = 0.05


@dataclass(slots=True)
class _Hand:
    """One worker as the crew sees it."""

    name: str
    process: Forked
    link: socket.socket | None = None
    lines: Lines = field(default_factory=Lines)
    queue: list[dict[str, Any]] = field(default_factory=list)
    is_busy: bool = False
    doing: str = ""


class Crew:
    """Real worker processes of one subject.

    Attributes:
        events: Everything they reported, in the order of arrival.
        redis_url: Where those who are hired from now on find Redis.
    """

    def __init__(self, *, subject: str, redis_url: str, venue: str, lease_s: float, request_life_s: float) -> None:
        """Describe the crew; :meth:`hire` starts workers."""
        self.redis_url = redis_url
        self._subject = subject
        self._told = {"subject": subject, "venue": venue, "lease_s": lease_s, "request_life_s": request_life_s}
        self._nursery: Nursery | None = None
        self._hands: list[_Hand] = []
        self._selector = selectors.DefaultSelector()
        self._ops = 0
        self.events: list[Event] = []

    def __enter__(self) -> Self:
        self._folder = make_folder()
        self._door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._door.bind(str(self._folder / "crew"))
        self._door.listen()
        self._selector.register(self._door, selectors.EVENT_READ)
        return self

    def __exit__(self, *_: object) -> None:
        for hand in self._hands:
            self._let_go(hand)
        if self._nursery is not None:
            self._nursery.close()
        for key in list(self._selector.get_map().values()):
            # The door, and the link of a worker that never said hello.
            if isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
        self._selector.close()
        remove_folder(self._folder)

    def hire(self, names: list[str], *, deadline_s: float = 30.0) -> None:
        """Start workers and wait until all of them are ready.

        Raises:
            CouldNotRunError: One of them cannot make its guard, or they are not ready in time.
        """
        if self._nursery is None:
            self._nursery = Nursery(self._folder, self._subject, self._door)
        for name in names:
            process = self._nursery.fork(name=name, redis_url=self.redis_url, **self._told)
            self._hands.append(_Hand(name, process))
        self.listen_until(lambda: all(hand.link is not None for hand in self._hands), deadline_s=deadline_s)

    def give(
        self, name: str, key: str, payload: Mapping[str, Any], *, delivery: int = 0, effect_type: str = USUAL_TYPE
    ) -> int:
        """Queue one operation for the worker *name*; return its number."""
        self._ops += 1
        process = f"{name}.{self._ops}"
        order = {"do": CALL, "process": process, "op": self._ops, "key": key, "payload": dict(payload)}
        self._hand(name).queue.append({**order, "delivery": delivery, "effect_type": effect_type})
        return self._ops

    def give_reconcile(self, name: str, key: str, *, effect_type: str = USUAL_TYPE) -> None:
        """Queue a reconciliation for the worker *name*."""
        self._hand(name).queue.append({"do": RECONCILE, "process": name, "key": key, "effect_type": effect_type})

    def kill(self, name: str) -> None:
        """SIGKILL a worker; what it was doing ends there."""
        hand = self._hand(name)
        hand.process.end()
        self._drain(hand)
        if hand.is_busy and hand.doing:
            self.events.append(Died(process=hand.doing, at_ns=clock.shared_ns()))
        self._let_go(hand)
        self._hands.remove(hand)

    def pause(self, name: str) -> None:
        """SIGSTOP a worker: it does nothing until :meth:`resume`."""
        self._hand(name).process.signal(signal.SIGSTOP)

    def resume(self, name: str) -> None:
        """SIGCONT a worker; nothing happens to one that is gone."""
        for hand in self._hands:
            if hand.name == name:
                hand.process.signal(signal.SIGCONT)

    def pid(self, name: str) -> int:
        """Return the process id of the worker *name*."""
        return self._hand(name).process.pid

    @property
    def pids(self) -> list[int]:
        """Process ids of the workers."""
        return [hand.process.pid for hand in self._hands]

    @property
    def is_idle(self) -> bool:
        """Whether all work is done."""
        return all(not hand.queue and not hand.is_busy for hand in self._hands)

    def hand_out(self) -> None:
        """Give every worker that has nothing to do what comes next for it."""
        for hand in self._hands:
            if hand.link is not None and hand.queue and not hand.is_busy:
                order = hand.queue.pop(0)
                hand.is_busy = True
                hand.doing = order["process"]
                send(hand.link, order)

    def listen_until(self, condition: Callable[[], object], *, deadline_s: float) -> None:
        """Hand out work and take reports until *condition* holds.

        Raises:
            CouldNotRunError: A worker is broken or died by itself, or the deadline passed.
        """
        deadline_ns = clock.elapsed_ns() + int(deadline_s * 1e9)
        self.hand_out()
        while not condition():
            stop_if_asked()
            if clock.elapsed_ns() > deadline_ns:
                doing = ", ".join(hand.doing for hand in self._hands if hand.is_busy) or "nothing"
                raise CouldNotRunError(f"the workers were not done within {deadline_s:g} s; they were doing {doing}")
            for ready, _ in self._selector.select(_TICK_S):
                self._hear(ready)
            self.hand_out()

    # Within.

    def _hand(self, name: str) -> _Hand:
        return next(hand for hand in self._hands if hand.name == name)

    def _hear(self, ready: selectors.SelectorKey) -> None:
        if ready.fileobj is self._door:
            opened, _ = self._door.accept()
            self._selector.register(opened, selectors.EVENT_READ, Lines())
            return
        link = ready.fileobj
        if not isinstance(link, socket.socket):
            raise TypeError(f"listened to {link!r}")
        data = link.recv(65536)
        if not data:
            self._selector.unregister(link)
            gone = next((hand for hand in self._hands if hand.link is link), None)
            raise CouldNotRunError(f"worker {gone.name if gone else '?'} ended by itself: {self._log_of(gone)}")
        for message in ready.data.feed(data):
            self._take(message, link)

    def _take(self, message: dict[str, Any], link: socket.socket) -> None:
        said = message["say"]
        if said == BROKEN:
            raise CouldNotRunError(f"worker {message['name']} cannot make its guard: {message['why']}")
        if said == HELLO:
            self._hand(message["name"]).link = link
        elif said == EVENT:
            self.events.append(from_object(message["event"]))
        elif said == DONE:
            next(hand for hand in self._hands if hand.link is link).is_busy = False

    def _drain(self, hand: _Hand) -> None:
        """Take what a dead worker had still said."""
        if hand.link is None:
            return
        lines = self._selector.get_key(hand.link).data
        while data := hand.link.recv(65536):
            for message in lines.feed(data):
                self._take(message, hand.link)

    def _let_go(self, hand: _Hand) -> None:
        hand.process.end()
        if hand.link is not None:
            if hand.link in self._selector.get_map():
                self._selector.unregister(hand.link)
            hand.link.close()
            hand.link = None

    def _log_of(self, hand: _Hand | None) -> str:
        if hand is None:
            return "no log"
        return (self._folder / f"{hand.name}.log").read_text("utf-8", "replace").strip()[-500:] or "it said nothing"
