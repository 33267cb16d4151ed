"""Where a worker is held until it is struck: at one of its commands, at the venue, or behind its answer.

Each place waits for the worker, and says from outside whether it is there: by the proxy's count, the venue's book and
what Redis holds, never by what was asked for.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from harness.venue.mischief import late
from scenarios.commands import followed, seen_in_redis

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scenarios.commands import Commands, Steps
    from scenarios.stage import Stage

_ATTEMPTS = 3


class Held(Protocol):
    """A worker that is to be held with an order."""

    def wait(self) -> str:
        """Give the worker an order and return its key once it is held; empty where that cannot be."""

    def seen(self) -> str:
        """Return what shows that the worker is there, or was when it died; empty where nothing does."""


@dataclass(slots=True)
class _AtCommand:
    """A worker that waits for the answer to one command, which never comes."""

    stage: Stage
    worker: str
    commands: Commands
    nth: int
    kept: str
    lands: bool
    op: int = 0
    key: str = ""

    def wait(self) -> str:
        if not self.nth:
            return ""
        for _ in range(_ATTEMPTS):
            [self.key] = self.stage.orders(1)
            self.commands.arm(self.nth)
            self.op = self.stage.give(self.worker, self.key)
            self.stage.until(lambda: bool(self.commands.read()[1]) or self.op in self.stage.answers)
            if self.seen():
                return self.key
            # The machine was slow, and the worker has given up waiting.
            self.stage.until_idle()
        self.stage.refuse(f"worker {self.worker} was not held at its command {self.nth} in {_ATTEMPTS} attempts")
        return ""

    def seen(self) -> str:
        matched, struck = self.commands.read()
        landed = self.stage.venue.control.ask(key=self.key)
        if not struck or matched != self.nth or self.op in self.stage.answers or bool(landed) != self.lands:
            return ""
        book = "the book has it" if landed else "the book does not have it"
        held = seen_in_redis(self.stage.own_server, self.key)
        return f"{self.key}: the proxy kept {self.kept} {matched}, {book}, {held}"


@contextmanager
def at_command(stage: Stage, worker: str, *, stream: str, nth: Callable[[Steps], int], lands: bool) -> Iterator[Held]:
    """Swallow one command of an order, or the reply to it.

    Args:
        stage: Where.
        worker: Who.
        stream: ``upstream`` for the command, ``downstream`` for the reply.
        nth: Which one, given what the guard sends; 0 where it has no such command.
        lands: Whether the effect is done by then.
    """
    with followed(stage, stream, "drop") as commands:
        steps = commands.learn(stage, worker)
        number = nth(steps)
        if not number:
            stage.refuse(
                f"the guard sends {steps.before} commands before an effect and {steps.after} after it, so that there "
                "is no such place in it"
            )
        kept = "command" if stream == "upstream" else "the reply to command"
        yield _AtCommand(stage, worker, commands, number, kept, lands)


@dataclass(slots=True)
class _AtVenue:
    """A worker that waits for the venue's reply."""

    stage: Stage
    worker: str
    is_late: bool
    op: int = 0
    key: str = ""

    def wait(self) -> str:
        [self.key] = self.stage.orders(1)
        if self.is_late:
            self.stage.venue.control.plan(late(), key=self.key, nth=1)
        self.op = self.stage.give(self.worker, self.key)
        self.stage.until(lambda: bool(self.seen()) or self.op in self.stage.answers)
        return self.key if self.seen() else ""

    def seen(self) -> str:
        control = self.stage.venue.control
        landed, tickets = control.ask(key=self.key), control.late_tickets()
        if self.op in self.stage.answers or not (tickets if self.is_late else landed):
            return ""
        held = seen_in_redis(self.stage.own_server, self.key)
        where = "lay at the venue and was not done" if self.is_late else "was in the book, its reply was kept back"
        return f"{self.key} {where}, {held}"


@contextmanager
def at_venue(stage: Stage, worker: str, *, is_late: bool = False) -> Iterator[Held]:
    """Keep back the venue's reply; *is_late*: keep the request itself, which lands when the story lets it."""
    control = stage.venue.control
    control.hold()
    try:
        yield _AtVenue(stage, worker, is_late)
    finally:
        control.release()


@dataclass(slots=True)
class _Answered:
    """A worker that has answered and has nothing else to do."""

    stage: Stage
    worker: str
    op: int = 0
    key: str = ""

    def wait(self) -> str:
        [self.key] = self.stage.orders(1)
        self.op = self.stage.give(self.worker, self.key)
        self.stage.until_idle()
        return self.key if self.seen() else ""

    def seen(self) -> str:
        answer, landed = self.stage.answers.get(self.op), self.stage.venue.control.ask(key=self.key)
        if answer is None or not landed:
            return ""
        held = seen_in_redis(self.stage.own_server, self.key)
        return f"{self.key} was in the book and answered {answer.outcome}, {held}"


@contextmanager
def answered(stage: Stage, worker: str) -> Iterator[Held]:
    """Let the worker come to its end with an order."""
    yield _Answered(stage, worker)
