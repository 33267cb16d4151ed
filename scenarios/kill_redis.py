"""The server is killed under load, while one worker is between START and DONE.

Four worker processes place guarded orders, every one delivered to two of them. The venue does one order and keeps its
reply back; in that moment the Redis server gets SIGKILL. It comes back with its append-only file. Then a job queue
delivers everything again. A correct guard has every order in the book exactly once, or says that it is in doubt; a
guard whose claim or mark was lost places one twice.

The witness: the server that comes back is another one (its run id), the order is in the venue's book before the
kill, its caller gets its answer after the kill, and other workers are in the middle of their calls. Otherwise the
story proves nothing and says UNKNOWN.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harness import clock
from harness import seed as seeds
from harness.redis_server.opening import open_owned
from harness.subjects.contract import REQUEST_LIFE_LEASES
from harness.venue.process import VenueProcess
from harness.workers.crew import Crew
from scenarios.storybook import in_order, record_of, write_story
from verify.history.events import Complete, Event, Fault, Invoke, Phase
from verify.history.record import Server
from verify.history.words import Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from harness.redis_server.choice import OwnedChoice
    from harness.redis_server.owned import OwnedServer
    from harness.subjects.contract import Subject
    from verify.history.record import ExplorationRecord

NAME = "kill_redis"
KIND = "server_killed"
_WORKERS = ("w0", "w1", "w2", "w3")
_ORDERS = 24
_BEFORE_KILL = 6
"""Orders that land before one is held back: the workers are warm and the server has something to lose."""
_LEASE_S = 2.0
_ROUNDS = 3
_DEADLINE_S = 60.0


def tell(folder: Path, subject: Subject, choice: OwnedChoice, seed: int) -> ExplorationRecord:
    """Run the story and leave its history in *folder*.

    Raises:
        CouldNotRunError: A worker cannot make its guard, or something did not happen in time.
    """
    life_s = _LEASE_S * REQUEST_LIFE_LEASES
    with open_owned(choice, appendonly=True) as server, VenueProcess(request_life_s=life_s) as venue:
        subject.prepare(server.url)
        crew = Crew(
            subject=subject.name,
            redis_url=server.url,
            venue=str(venue.socket_path),
            lease_s=_LEASE_S,
            request_life_s=life_s,
        )
        with crew:
            story = _Story(server, venue, crew, seed)
            events = story.play()
        seen = server.identity()
    write_story(folder, events)
    identity = Server(name=seen.name, version=seen.version, sha256=seen.sha256 or "", choice=choice.text)
    return record_of(
        NAME, subject, workers=len(_WORKERS), kind=KIND, seed=seed, server=identity, notes=tuple(story.notes)
    )


class _Story:
    def __init__(self, server: OwnedServer, venue: VenueProcess, crew: Crew, seed: int) -> None:
        self._server = server
        self._venue = venue
        self._crew = crew
        self._random = seeds.stream(seed, NAME)
        self._orders = {f"order-{seed:08x}-{n:02d}": {"symbol": "BTCUSDT", "quantity": n} for n in range(_ORDERS)}
        self._told: list[Event] = []
        self._run_id = ""
        self.notes: list[str] = []

    def play(self) -> list[Event]:
        """Tell the story from the first order to the last delivery; return all that happened."""
        self._say(Phase(name="workload", at_ns=clock.shared_ns()))
        self._crew.hire(list(_WORKERS))
        for key, payload in self._orders.items():
            for worker in self._random.sample(_WORKERS, 2):
                self._crew.give(worker, key, payload)
        control = self._venue.control
        self._crew.listen_until(lambda: len(control.take()) >= _BEFORE_KILL, deadline_s=_DEADLINE_S)
        control.hold()
        landed = len(control.take())
        # Two held replies are two workers that cannot go on: one is struck, the other one is the load.
        self._crew.listen_until(lambda: len(control.take()) >= landed + 2, deadline_s=_DEADLINE_S)
        self._kill()
        control.release()
        self._crew.listen_until(lambda: self._crew.is_idle, deadline_s=_DEADLINE_S)
        self._server.restart()
        self._say(Phase(name="heal", at_ns=clock.shared_ns()))
        self._redeliver()
        everything = in_order([*self._told, *self._crew.events, *self._venue.read_book().entries])
        return self._witnessed(everything)

    def _kill(self) -> None:
        pid = self._server.pid
        self._run_id = self._server.identity().run_id
        before_ns = clock.shared_ns()
        self._server.kill()
        self._say(Fault(kind=KIND, at=f"pid {pid}", witness="", at_ns=before_ns))

    def _redeliver(self) -> None:
        self._say(Phase(name="redeliver", at_ns=clock.shared_ns()))
        waiting = dict(self._orders)
        for round_number in range(1, _ROUNDS + 1):
            self._pass_the_lease()
            names = [f"r{round_number}{n}" for n in range(len(_WORKERS))]
            self._crew.hire(names)
            ops = {}
            for at, (key, payload) in enumerate(waiting.items()):
                ops[self._crew.give(names[at % len(names)], key, payload, delivery=round_number)] = key
            self._crew.listen_until(lambda: self._crew.is_idle, deadline_s=_DEADLINE_S)
            answers = {event.op: event for event in self._crew.events if isinstance(event, Complete)}
            settled = {key for op, key in ops.items() if answers[op].outcome is Outcome.OK}
            waiting = {key: payload for key, payload in waiting.items() if key not in settled}
            if not waiting:
                break
            for at, key in enumerate(waiting):
                self._crew.give_reconcile(names[at % len(names)], key)
            self._crew.listen_until(lambda: self._crew.is_idle, deadline_s=_DEADLINE_S)
        self.notes.append(f"{len(self._orders) - len(waiting)} of {len(self._orders)} orders answered OK in the end")

    def _pass_the_lease(self) -> None:
        """Let the lease run out, and every request with it: at once where the clock is ours, else in real time."""
        beyond_s = _LEASE_S * (1 + REQUEST_LIFE_LEASES) + 0.1
        if self._server.has_clock:
            self._server.advance(beyond_s)
            return
        until_ns = clock.elapsed_ns() + int(beyond_s * 1e9)
        self._crew.listen_until(lambda: clock.elapsed_ns() > until_ns, deadline_s=beyond_s + 1)

    def _witnessed(self, events: list[Event]) -> list[Event]:
        """Give the kill its witness, if the history shows that it struck between an effect and its mark."""
        kill = next(event for event in events if isinstance(event, Fault))
        killed_ns = kill.at_ns or 0
        done = {event.op: event.at_ns or 0 for event in events if isinstance(event, Complete)}
        running = {
            event.process: event
            for event in events
            if isinstance(event, Invoke) and (event.at_ns or 0) < killed_ns < done.get(event.op, killed_ns + 1)
        }
        struck = [
            event
            for event in self._venue.read_book().entries
            if event.process in running and (event.at_ns or 0) < killed_ns
        ]
        others = len(running) - 1
        if self._server.identity().run_id == self._run_id:
            self.notes.append("the server was not killed: the same one answers")
            return events
        if not struck or others < 1:
            self.notes.append("the kill did not strike between an effect and its mark under load")
            return events
        said = f"{struck[0].key} was in the book and not yet marked, {others} other calls were under way"
        self.notes.append(f"SIGKILL of the server: {said}")
        return [replace(event, witness=said) if event is kill else event for event in events]

    def _say(self, event: Event) -> None:
        self._told.append(event)
