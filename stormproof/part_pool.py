"""Several processes that run the parts of a campaign, each with a processor core and its own servers.

A process that dies is replaced, and its part is run again from its beginning; a part that kills every process is left
out and said to be, so that nothing is lost silently.
"""

from __future__ import annotations

import shutil
from collections import Counter, deque
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from harness.errors import CouldNotRunError, WrongInputError
from harness.interruption import stop_if_asked
from harness.processes.linked import TICK_S, LinkedProcesses
from verify.history.judge import EXPLORE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness.processes.linked import Linked
    from harness.redis_server.choice import RedisChoice
    from stormproof.part_run import Told

ATTEMPTS = 2
"""Processes that may die of one part before it is left out."""


class Errand(NamedTuple):
    """One part to run, in plain values.

    Attributes:
        run: The run folder.
        folder: The part's folder.
        asked: What to run: a plan of the explorer, or what another tier is asked for; ``name`` is the part's.
        checker: The checker that must fire; empty where nothing may.
        tier: Which tier runs it.
    """

    run: str
    folder: str
    asked: dict[str, Any]
    checker: str
    tier: str = EXPLORE

    @property
    def name(self) -> str:
        """Name of the part."""
        return str(self.asked["name"])


class Task(NamedTuple):
    """What a process is told first."""

    choice: RedisChoice


class Failed(NamedTuple):
    """Why the whole run cannot go on.

    Attributes:
        why: The reason.
        is_input: Whether the input is wrong.
    """

    why: str
    is_input: bool


class Lost(NamedTuple):
    """A part of which nothing can be shown: its processes died, or it cannot be run here.

    Attributes:
        why: What is known of it.
    """

    why: str


@dataclass(slots=True, eq=False)
class _Hand:
    """One process, and the part it runs."""

    number: int
    linked: Linked
    doing: Errand | None = None

    def send(self, told: Task | Errand) -> None:
        """Tell the process; of one that is dead, the end of its link tells."""
        with suppress(OSError):
            self.linked.link.send(told)


class PartPool:
    """Processes that run parts. As a context manager it leaves none behind."""

    def __init__(self, choice: RedisChoice, count: int) -> None:
        """Describe *count* processes that run parts on servers of *choice*."""
        self._choice = choice
        self._count = count
        self._processes = LinkedProcesses()
        self._hands: list[_Hand] = []
        self._again: deque[Errand] = deque()
        self._deaths: Counter[str] = Counter()

    def __enter__(self) -> Self:
        self._processes.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        if any(hand.doing for hand in self._hands):
            self._processes.interrupt()
        self._processes.__exit__(*exc)

    @property
    def running(self) -> tuple[str, ...]:
        """Names of the parts that are running."""
        return tuple(hand.doing.name for hand in self._hands if hand.doing is not None)

    def run(self, next_errand: Callable[[], Errand | None]) -> Iterator[tuple[Errand, Told | Lost]]:
        """Run parts as long as there are any; yield how each ended.

        Args:
            next_errand: Gives the next part; None when there is none left.

        Raises:
            CouldNotRunError: A process cannot go on.
            WrongInputError: A subject cannot be loaded or prepared.
        """
        while True:
            self._hand_out(next_errand)
            busy: dict[object, _Hand] = {hand.linked.link: hand for hand in self._hands if hand.doing is not None}
            if not busy:
                return
            stop_if_asked()
            for ready in wait([hand.linked.link for hand in busy.values()], TICK_S):
                yield from self._hear(busy[ready])

    # Within.

    def _hand_out(self, next_errand: Callable[[], Errand | None]) -> None:
        """Give every idle process a part; the processes are started when there is something for them."""
        while True:
            idle = next((hand for hand in self._hands if hand.doing is None), None)
            if idle is None and len(self._hands) == self._count:
                return
            errand = self._again.popleft() if self._again else next_errand()
            if errand is None:
                return
            hand = idle or self._hire()
            hand.doing = errand
            hand.send(errand)

    def _hire(self) -> _Hand:
        number = min(set(range(self._count)) - {hand.number for hand in self._hands})
        hand = _Hand(number, self._processes.start("stormproof.part_hand", number))
        self._hands.append(hand)
        hand.send(Task(self._choice))
        return hand

    def _hear(self, hand: _Hand) -> Iterator[tuple[Errand, Told | Lost]]:
        errand = hand.doing
        if errand is None:
            return
        try:
            told: Told | Lost | Failed = hand.linked.link.recv()
        except (EOFError, OSError):
            yield from self._bury(hand, errand)
            return
        if isinstance(told, Failed):
            raise (WrongInputError if told.is_input else CouldNotRunError)(told.why)
        hand.doing = None
        yield errand, told

    def _bury(self, hand: _Hand, errand: Errand) -> Iterator[tuple[Errand, Lost]]:
        """Take a dead process out; let its part be run again, or say that it is lost."""
        said = hand.linked.last_words
        self._hands.remove(hand)
        self._processes.let_go(hand.linked)
        self._deaths[errand.name] += 1
        shutil.rmtree(errand.folder)
        Path(errand.folder).mkdir()
        if self._deaths[errand.name] < ATTEMPTS:
            self._again.append(errand)
        else:
            yield errand, Lost(f"{ATTEMPTS} processes died of it; the last one: {said}")
