"""What a real fault is: a value that documents print, and that is carried out as a context manager.

Entering injects, leaving heals. A fault must never be called injected because it was asked for: its witness is read
back from the world.
"""

from __future__ import annotations

import contextlib
import inspect
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Concatenate, Generic, ParamSpec

import redis

from harness.errors import CouldNotRunError, HarnessError
from harness.interruption import stop_if_asked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness.nemesis.site import Need, Site

_Arguments = ParamSpec("_Arguments")


class NotWitnessedError(CouldNotRunError):
    """Nothing in the world shows that the fault bit, so nothing was shown by a run that relies on it."""


class Provider(StrEnum):
    """Where a server comes from, as ``--redis`` says it."""

    EMBEDDED = "embedded"
    PATH = "path"
    CONTAINER = "container"
    EXTERNAL = "external"


OWN = frozenset({Provider.EMBEDDED, Provider.PATH})
"""Servers that are processes of this machine, with a folder that we can reach."""
OURS = OWN | {Provider.CONTAINER}
"""Servers that the harness started, and may reconfigure and kill."""
ANY = frozenset(Provider)
"""Every server: the fault touches only what lies between it and its clients."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Injection:
    """How one fault is carried out at one site. Making it changes nothing in the world.

    Attributes:
        strike: Makes it go wrong. Where it raises, what it has done is healed.
        look: Returns what in the world shows that it bit, empty where nothing does. It must never conclude from what
            was asked for.
        heal: Steps that undo it, as they would be undone from last to first. Every step runs, even where another one
            fails, and even where ``strike`` came to nothing; so each must be harmless then.
    """

    strike: Callable[[], object]
    look: Callable[[], str]
    heal: tuple[Callable[[], object], ...] = ()


@dataclass(slots=True)
class Strike:
    """A fault while it is injected, and what is known of it afterwards.

    Attributes:
        name: The fault's.
    """

    name: str
    _look: Callable[[], str]
    _seen: str = field(default="", init=False)
    _is_over: bool = field(default=False, init=False)

    def witness(self) -> str:
        """Return what shows that the fault bit: inside the block what is so now, afterwards what was seen last.

        Raises:
            NotWitnessedError: Nothing shows it.
        """
        if not self._is_over:
            self._seen = self._look()
        if not self._seen:
            raise NotWitnessedError(
                f"Injected {self.name} and looked for what it does: expected to see it, and nothing shows it. What "
                "was seen under it is not known to be so under this fault. Look at the site: did anything pass there?"
            )
        return self._seen

    def close(self) -> None:
        """Look a last time, before healing takes away what there is to see."""
        with contextlib.suppress(HarnessError, redis.RedisError, OSError):
            self._seen = self._look() or self._seen
        self._is_over = True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RealFault(Generic[_Arguments]):
    """One real mechanism; there is one object of each.

    Attributes:
        name: As in stories, experiments and documents; the name of its file.
        what: What is done, in one sentence.
        witness: How it is known to have bitten.
        demand: What a correct subject may and may not do under it.
        heals: What is so again afterwards, and what is not.
        blast_radius: What it touches at most.
        needs: What the site must have.
        providers: The servers on which it can be done.
        plan: Says how it is carried out at a site, with the fault's own arguments.
    """

    name: str
    what: str
    witness: str
    demand: str
    heals: str
    blast_radius: str
    needs: frozenset[Need]
    providers: frozenset[Provider]
    plan: Callable[Concatenate[Site, _Arguments], Injection]

    @contextmanager
    def inject(self, site: Site, *args: _Arguments.args, **arguments: _Arguments.kwargs) -> Iterator[Strike]:
        """Inject the fault for the length of the block, then heal it.

        Raises:
            CouldNotRunError: The site lacks what the fault needs, or it could not be injected or healed. What was
                begun is healed.
            WrongInputError: An argument makes no sense.
        """
        site.require(self.name, self.needs)
        injection = self.plan(site, *args, **arguments)
        strike = Strike(self.name, injection.look)
        stop_if_asked()
        with ExitStack() as healing:
            for step in injection.heal:
                healing.callback(_reporting, f"Healed {self.name}", step)
            healing.callback(strike.close)
            _reporting(f"Injected {self.name}", injection.strike)
            yield strike

    @property
    def arguments(self) -> dict[str, inspect.Parameter]:
        """The fault's own arguments by name, as an experiment file may give them; every one has a default."""
        _, *own = inspect.signature(self.plan).parameters.values()
        return {parameter.name: parameter for parameter in own}


def _reporting(attempt: str, act: Callable[[], object]) -> None:
    """Do one step; an error of a server, a file or a process becomes one line.

    Raises:
        CouldNotRunError: It failed.
    """
    try:
        act()
    except (redis.RedisError, OSError) as error:
        raise CouldNotRunError(
            f"{attempt}: expected it to succeed, saw {type(error).__name__}: {error}. Look at the server's log."
        ) from error
