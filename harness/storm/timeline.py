"""Carries out the faults of a storm when their time comes, heals them, and keeps what shows that they bit.

Faults of the network go through the Toxiproxy API alone. A fault that could not be done leaves no witness, and a
storm with such a one shows nothing.
"""

from __future__ import annotations

from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness import clock
from harness.errors import HarnessError
from harness.nemesis.fault import NotWitnessedError, Strike
from harness.storm.inject import KILL
from verify.history.events import Fault

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    from harness.nemesis.site import Site
    from harness.storm.company import Company
    from harness.storm.inject import Injected
    from harness.venue.client import VenueControl

_AT_LEAST = 2
"""Worker processes that there must be for one of them to be killed: a storm of none is over."""
_UNNOTICED_NS = 2_000_000_000
"""For how long Locust may still count a worker process that is dead."""
_CHOSEN_S = 1.0
_ANY_S = 10.0
"""How long the chosen worker process, and then all of them, are watched for an effect that lands."""


@dataclass(slots=True)
class Struck:
    """A fault of the timeline that has begun.

    Attributes:
        injected: As it was asked for.
        at_ns: When it began.
        until_ns: When it was healed; of what has no end, when it was over.
        process: Whom it struck; empty where it struck nobody in particular.
        at: The place where it was to strike; empty where any will do.
        witness: What shows that it bit; empty where nothing does.
        problem: Why it could not be done.
    """

    injected: Injected
    at_ns: int
    until_ns: int = 0
    process: str = ""
    at: str = ""
    witness: str = ""
    problem: str = ""

    def told(self) -> Fault:
        """Return the fault as histories tell it."""
        kind = self.injected.meaning.kind
        return Fault(kind=kind, process=self.process or None, at=self.at, witness=self.witness, at_ns=self.at_ns)


@dataclass(slots=True)
class _Going:
    """A fault that is to be healed."""

    struck: Struck
    healing: ExitStack
    strike: Strike | None = None


@dataclass(slots=True)
class Timeline:
    """The faults of one storm.

    Attributes:
        faults: As they were asked for.
        site: What those of network and server act on.
        company: The worker processes.
        control: The way to the venue.
        joined: How many worker processes have users or may get some, as Locust said last.
        draw: The timeline's own stream of the run's seed.
        struck: What has begun.
        deaths: When worker processes were killed, by number.
    """

    faults: Sequence[Injected]
    site: Site
    company: Company
    control: VenueControl
    joined: Callable[[], int]
    draw: random.Random
    struck: list[Struck] = field(default_factory=list)
    deaths: dict[int, int] = field(default_factory=dict)
    _due: list[tuple[float, int, Injected]] = field(default_factory=list)
    _going: list[_Going] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Put what is to be done in order."""
        moments = [(moment, fault) for fault in self.faults for moment in fault.moments_s]
        self._due = [(moment, at, fault) for at, (moment, fault) in enumerate(moments)]
        self._due.sort(key=lambda each: each[:2])

    @property
    def now(self) -> str:
        """What is going on, in few words; empty where nothing is."""
        return ", ".join(going.struck.injected.word for going in self._going)

    @property
    def left(self) -> list[Injected]:
        """What has not begun."""
        return [fault for _, _, fault in self._due]

    def tick(self, elapsed_s: float) -> None:
        """Heal and begin what is due, *elapsed_s* seconds after the users began."""
        for going in [each for each in self._going if each.struck.injected.to_s <= elapsed_s]:
            self._heal(going)
        for due in [each for each in self._due if each[0] <= elapsed_s]:
            if due[2].meaning.kind != KILL or self._others_go_on():
                self._due.remove(due)
                self._begin(due[2])

    def heal(self) -> None:
        """Heal all that goes on, last to first; every step runs, even if one fails."""
        for going in list(reversed(self._going)):
            self._heal(going)

    # Within.

    def _others_go_on(self) -> bool:
        """Whether somebody works on when one is killed; whoever takes a dead one's place needs a moment to join."""
        since_ns = clock.shared_ns() - _UNNOTICED_NS
        return self.joined() - sum(at_ns > since_ns for at_ns in self.deaths.values()) >= _AT_LEAST

    def _begin(self, injected: Injected) -> None:
        struck = Struck(injected, clock.shared_ns())
        self.struck.append(struck)
        meaning = injected.meaning
        try:
            if meaning.kind == KILL:
                self._kill(struck)
                struck.until_ns = clock.shared_ns()
            elif meaning.fault is None:
                self._going.append(self._pause(struck))
            else:
                sizes = {meaning.argument: injected.size} if meaning.argument else {}
                with ExitStack() as stack:
                    strike = stack.enter_context(meaning.fault.inject(self.site, **sizes))
                    self._going.append(_Going(struck, stack.pop_all(), strike))
        except HarnessError as error:
            struck.problem, struck.until_ns = str(error), clock.shared_ns()

    def _heal(self, going: _Going) -> None:
        self._going.remove(going)
        try:
            going.healing.close()
        except HarnessError as error:
            going.struck.problem = str(error)
        going.struck.until_ns = clock.shared_ns()
        if going.strike is not None and not going.struck.problem:
            with suppress(NotWitnessedError):
                going.struck.witness = going.strike.witness()

    def _kill(self, struck: Struck) -> None:
        """SIGKILL a worker process that has just landed an effect and has not heard of it, and replace it."""
        struck.at = "between effect and mark"
        chosen = self.draw.choice(self.company.numbers or [0])
        try:
            # Where the chosen one does nothing, whoever lands an effect next is struck.
            line = self.control.catch(f"w{chosen}.", timeout_s=_CHOSEN_S) or self.control.catch("w", timeout_s=_ANY_S)
            if line is None:
                struck.problem = f"no effect of a worker process landed within {_CHOSEN_S + _ANY_S:g} s"
                return
            number = int(line.process.partition(".")[0].removeprefix("w"))
            self.deaths[number] = self.company.kill(number)
        finally:
            self.control.let_go()
        struck.process = line.process
        others = len(self.company.numbers)
        struck.witness = (
            f"worker process w{number} is gone; {line.key} was in the book and its reply was kept back, "
            f"{others} other worker processes went on"
        )
        self.company.replace(number)

    def _pause(self, struck: Struck) -> _Going:
        number = self.draw.choice(self.company.numbers)
        struck.process = f"w{number}"
        healing = ExitStack()
        healing.callback(self.company.resume, number)
        struck.witness = self.company.pause(number)
        return _Going(struck, healing)
