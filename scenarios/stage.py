"""What a story is played on: a server, a venue, a crew of worker processes, and what is delivered to them.

The stage asks for the steady state before and after, dates all that happens with the one clock of the machine, and
gives every fault its witness or none. It never says what the history means.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Self

import redis

from harness import clock
from harness import seed as seeds
from harness.errors import CouldNotRunError
from harness.nemesis.site import Site
from harness.probes.watch import AFTER, BEFORE, Watch
from harness.processes.faked_clock import find_library
from harness.redis_server.choice import EmbeddedChoice, ExternalChoice
from harness.redis_server.foreign import ForeignServer
from harness.redis_server.opening import open_owned
from harness.redis_server.replication import PrimaryWithReplica
from harness.redis_server.server import RedisServer
from harness.stored_histories import in_order
from harness.subjects.contract import REQUEST_LIFE_LEASES
from harness.toxiproxy.server import open_toxiproxy
from harness.venue.process import VenueProcess
from harness.workers.crew import Crew
from scenarios.blow import Blow
from scenarios.terms import AS_USUAL
from scenarios.validator_word import flagged
from verify.history.events import Complete, Event, Invoke, Phase, changed
from verify.history.words import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from harness.nemesis.fault import RealFault
    from harness.redis_server.choice import RedisChoice
    from harness.redis_server.owned import OwnedServer
    from harness.subjects.contract import Subject
    from harness.toxiproxy.client import ProxyHandle
    from harness.toxiproxy.server import ToxiproxyServer
    from scenarios.story import Story
    from scenarios.terms import Terms

DEADLINE_S = 60.0
NO_PAIR = "needs a pair of servers that are processes of this machine (use --redis embedded or path)"
"""What is said where a story has a replica, and the servers are to run in containers."""
_ROUNDS = 3
_STEADY = 3
"""Orders with which the steady state is asked for."""
_REDELIVERING = 2
"""Processes to which everything is delivered again."""


class Stage:
    """The world of one story, as a context manager.

    Attributes:
        story: What is told.
        server: The server to which writes go; an external one is somebody else's.
        pair: That server and its replica, where the story has one.
        proxy: What stands between the workers and the server, where the story has one.
        toxiproxy: The server of that proxy.
        venue: The world outside.
        crew: The workers.
        site: What a fault may act on; a story names the worker or the key that it strikes.
        random: The story's own stream of the run's seed.
        notes: Sentences for the reader.
        reason: Why the story shows nothing; empty while it may.
        watch: The probes, and what they may not pass.
        warning: What the validator said of the server when it was asked.
    """

    pair: PrimaryWithReplica | None = None
    toxiproxy: ToxiproxyServer | None = None

    def __init__(
        self,
        story: Story,
        subject: Subject,
        choice: RedisChoice,
        seed: int,
        *,
        terms: Terms = AS_USUAL,
    ) -> None:
        """Describe the stage; entering it starts what it is made of.

        Args:
            story: What is told.
            subject: Whose guard the workers use.
            choice: The server. An external one is always reached through a proxy.
            seed: The run's.
            terms: On what terms.
        """
        self.story = story
        self.random = seeds.stream(seed, story.name)
        self.notes: list[str] = []
        self.reason = ""
        self.warning = ""
        self._subject = subject
        self._choice = choice
        self._seed = seed
        self._stack = ExitStack()
        self._told: list[Event] = []
        self._blows: list[Blow] = []
        self._orders: dict[str, dict[str, Any]] = {}
        self._proxy: ProxyHandle | None = None
        self._hired = 0
        self._redelivering: list[str] = []
        self._terms = terms

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.server = self._open_server(stack)
            self.venue = stack.enter_context(VenueProcess(request_life_s=self.request_life_s))
            url = self._open_way(stack)
            self._prepare(stack)
            crew = Crew(
                subject=self._subject.name,
                redis_url=url,
                venue=str(self.venue.socket_path),
                lease_s=self.story.lease_s,
                request_life_s=self.request_life_s,
            )
            self.crew = stack.enter_context(crew)
            ours = None if isinstance(self.server, ForeignServer) else self.server
            self.site = Site(server=ours, pair=self.pair, proxy=self._proxy, crew=self.crew, venue=self.venue)
            self.site.proxy_url = url if ours is None else ""
            self.watch = Watch(self.site, self._terms.limits)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def request_life_s(self) -> float:
        """Seconds after which a request that was sent to the venue lands no more."""
        return self.story.lease_s * REQUEST_LIFE_LEASES

    @property
    def own_server(self) -> RedisServer:
        """The server, where it is ours."""
        if not isinstance(self.server, RedisServer):
            raise TypeError(f"the story {self.story.name} is told on somebody else's server")
        return self.server

    @property
    def proxy(self) -> ProxyHandle:
        """What stands between the workers and the server."""
        if self._proxy is None:
            raise TypeError(f"the story {self.story.name} is not proxied")
        return self._proxy

    # What a story does.

    def begin(self) -> None:
        """Hire the workers and see that the steady state holds before anything is hurt.

        Raises:
            CouldNotRunError: It does not: what follows would show nothing of the fault.
        """
        if self._subject.breaker is not None:
            terms = self._subject.breaker.over(self.story.lease_s)
            self._told.append(changed(terms, at_ns=clock.shared_ns()))
        self.phase("workload")
        self.crew.hire(list(self.story.worker_names))
        if isinstance(self.server, ForeignServer):
            # The first connection of a process may take longer than a short lease: TLS, and what it needs.
            for worker, key in zip(self.story.worker_names, self.orders(self.story.workers), strict=True):
                self.give(worker, key)
            self.until_idle()
        keys = self.orders(_STEADY, word="steady-before")
        names = self.story.worker_names
        ops = [self.give(names[at % len(names)], key) for at, key in enumerate(keys)]
        self.until_idle()
        odd = [answer for op, answer in self.answers.items() if op in ops and answer.outcome is not Outcome.OK]
        said = f"{len(odd)} of {len(keys)} orders were answered {odd[0].outcome} ({odd[0].detail})" if odd else ""
        wrong = said or self._unsteady(keys)
        if wrong:
            raise CouldNotRunError(f"the steady state does not hold before anything is hurt: {wrong}")
        self.notes.append(_steady("before", keys))
        self.watch.look(BEFORE)

    def orders(self, count: int, *, word: str = "order") -> list[str]:
        """Think of *count* orders and return their keys."""
        first = len(self._orders)
        keys = [f"{word}-{self._seed:08x}-{number:03d}" for number in range(first, first + count)]
        self._orders.update((key, {"symbol": "BTCUSDT", "quantity": at + 1}) for at, key in enumerate(keys, first))
        return keys

    def give(self, worker: str, key: str, *, delivery: int = 0) -> int:
        """Deliver an order to a worker; return the number of the operation."""
        return self.crew.give(worker, key, self._orders[key], delivery=delivery)

    def until(self, condition: Callable[[], object], *, deadline_s: float = DEADLINE_S) -> None:
        """Let the workers work until *condition* holds.

        Raises:
            BreachedError: A probe is past its limit.
        """

        def look_and_ask() -> object:
            self.watch.look_on()
            return condition()

        self.crew.listen_until(look_and_ask, deadline_s=deadline_s)

    def until_idle(self) -> None:
        """Let the workers work until nobody has anything to do."""
        self.until(lambda: self.crew.is_idle)

    @contextmanager
    def strike(self, fault: RealFault[Any], *, at: str = "", **arguments: Any) -> Iterator[Blow]:
        """Inject a fault into :attr:`site` for the length of the block, and heal it.

        Args:
            fault: Which one.
            at: The place where it is to strike. The block must see that it did (:meth:`Blow.saw`): a fault that bit
                somewhere else leaves no witness.
            arguments: The fault's own.
        """
        before_ns = clock.shared_ns()
        with fault.inject(self.site, **arguments) as strike:
            blow = Blow(strike, at, before_ns)
            self._blows.append(blow)
            yield blow
        # Later something else may do what this fault was to do: the lease is passed by moving the clock, too.
        blow.close()

    def heal(self) -> None:
        """Note that nothing hurts from here on."""
        self.phase("heal")

    def phase(self, name: str) -> None:
        """Note that the story enters a phase."""
        self._told.append(Phase(name=name, at_ns=clock.shared_ns()))

    def refuse(self, reason: str) -> None:
        """Say why the story shows nothing of this subject; the first reason stays."""
        self.reason = self.reason or reason

    def redeliver(self) -> None:
        """Deliver every order again past the lease, from fresh processes, as a job queue would."""
        self.phase("redeliver")
        keys = list(self._orders)
        self.pass_the_lease()
        waiting = self._deliver(keys)
        self.notes.append(f"{len(keys) - len(waiting)} of {len(keys)} orders answered OK in the end")

    def end(self) -> None:
        """See whether the steady state holds again: new orders are placed, once the guard was let reconcile."""
        keys = self.orders(_STEADY, word="steady-after")
        waiting = self._deliver(keys)
        wrong = f"{len(waiting)} of {len(keys)} new orders were not answered OK" if waiting else self._unsteady(keys)
        if wrong:
            self.refuse(f"the steady state does not hold again at the end: {wrong}")
        else:
            self.notes.append(_steady("after", keys))
        self.watch.look(AFTER)
        self.notes.append(self.watch.sentence())

    def follow(self, server: OwnedServer) -> None:
        """Let the workers find *server* where they found the other one, as a failover moves an address."""
        self.server = self.site.server = server
        self.proxy.update(upstream=f"127.0.0.1:{server.port}")

    def prepare_again(self) -> None:
        """Let the subject prepare the store, as an operator does who knows that it was emptied."""
        self._subject.prepare(self.server.url)

    def ask_validator(self) -> None:
        """Let the validator look for what the story says that it must flag, as it does at every reconnect."""
        self.warning = flagged(self.server.url, self.story.flagged_as)

    def hire(self, count: int) -> list[str]:
        """Hire fresh workers and return their names."""
        names = [f"r{number}" for number in range(self._hired, self._hired + count)]
        self._hired += count
        self.crew.hire(names)
        return names

    def pass_the_lease(self) -> None:
        """Let the lease run out, and every request with it: at once where the clock is ours, else in real time."""
        beyond_s = self.story.lease_s * (1 + REQUEST_LIFE_LEASES) + 0.1
        if self.server.has_clock:
            self.server.advance(beyond_s)
        else:
            self.wait(beyond_s)

    def wait(self, seconds: float, *, unless: Callable[[], bool] = lambda: False) -> None:
        """Let the workers work for some real time, or until a condition holds."""
        until_ns = clock.elapsed_ns() + int(seconds * 1e9)
        self.until(lambda: unless() or clock.elapsed_ns() > until_ns, deadline_s=seconds + DEADLINE_S)

    @property
    def answers(self) -> Mapping[int, Complete]:
        """The answers so far, by operation."""
        return {event.op: event for event in self.crew.events if isinstance(event, Complete)}

    def events(self) -> list[Event]:
        """Return all that happened, in order."""
        faults = [blow.told() for blow in self._blows]
        everything = [*self._told, *faults, *self.crew.events, *self.venue.read_book().entries]
        return in_order(everything)

    def running_at(self, at_ns: int) -> dict[str, Invoke]:
        """Return the calls that had begun and were not answered at that moment, by process; ask when all is quiet."""
        done = {op: answer.at_ns or 0 for op, answer in self.answers.items()}
        calls = (event for event in self.crew.events if isinstance(event, Invoke))
        return {call.process: call for call in calls if (call.at_ns or 0) < at_ns < done.get(call.op, at_ns + 1)}

    # Within.

    def _open_server(self, stack: ExitStack) -> OwnedServer | ForeignServer:
        story, choice = self.story, self._choice
        if isinstance(choice, ExternalChoice):
            return stack.enter_context(ForeignServer(choice.url, shown=choice.text))
        if not story.has_replica:
            server = open_owned(
                choice, appendonly=story.appendonly, config=story.config, controlled_clock=story.moves_clock
            )
            return stack.enter_context(server)
        if not isinstance(choice, EmbeddedChoice):
            raise CouldNotRunError(f"the story {story.name} {NO_PAIR}")
        pair = PrimaryWithReplica(
            binary=choice.binary,
            appendonly=story.appendonly,
            config=story.config,
            controlled_clock=story.moves_clock and find_library() is not None and choice.binary.takes_clock,
        )
        self.pair = stack.enter_context(pair)
        return self.pair.primary

    def _open_way(self, stack: ExitStack) -> str:
        """Return the URL at which the workers find the server."""
        server = self.server
        if not isinstance(server, ForeignServer) and not self.story.is_proxied:
            return server.url
        self.toxiproxy = stack.enter_context(open_toxiproxy(self._terms.toxiproxy, run_seed=self._seed))
        if isinstance(server, ForeignServer):
            self._proxy = self.toxiproxy.client.create(server.upstream, "redis")
            return server.through(self._proxy.listen)
        self._proxy = self.toxiproxy.client.create(f"127.0.0.1:{server.port}", "redis")
        return f"redis://{self._proxy.listen}"

    def _prepare(self, stack: ExitStack) -> None:
        """Let the subject prepare the store; of an external one, all that came by the run is removed in the end."""
        if isinstance(self.server, ForeignServer):
            stack.callback(self.server.clean, f"*-{self._seed:08x}-[0-9]*", self.server.prepare(self._subject))
        else:
            self._subject.prepare(self.server.url)

    def _deliver(self, keys: list[str]) -> list[str]:
        """Deliver orders until each is answered OK, and let the guard reconcile in between; return what is left."""
        names = self._redelivering = self._redelivering or self.hire(_REDELIVERING)
        for number in range(1, _ROUNDS + 1):
            ops = {self.give(names[at % len(names)], key, delivery=number): key for at, key in enumerate(keys)}
            self.until_idle()
            answers = self.answers
            keys = [key for op, key in ops.items() if answers[op].outcome is not Outcome.OK]
            if not keys:
                break
            for at, key in enumerate(keys):
                self.crew.give_reconcile(names[at % len(names)], key)
            self.until_idle()
            self.pass_the_lease()
        return keys

    def _unsteady(self, keys: list[str]) -> str:
        """Return what is not as it should be when nothing hurts and *keys* were placed; empty if nothing is."""
        landed = [event.key for event in self.venue.read_book().entries if event.key in keys]
        if sorted(landed) != sorted(keys):
            return f"the book has {len(landed)} lines for {len(keys)} orders"
        try:
            with self.server.client() as client:
                client.ping()
        except redis.RedisError as error:
            return f"the server does not answer PING: {error}"
        return ""


def _steady(when: str, keys: list[str]) -> str:
    return f"steady state {when}: {len(keys)} of {len(keys)} orders landed once and were answered OK"
