"""What is left of a schedule where one word of it is taken out, found without what the shrinker knows of detours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from verify.decisions import actor_of, struck_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from harness.explorer.search.tree import Node


class Ran(Protocol):
    """How a schedule ran."""

    @property
    def path(self) -> Sequence[Node]:
        """Its decisions."""

    @property
    def shows(self) -> bool:
        """Whether it shows what is looked for."""


def size_of(path: Sequence[Node]) -> tuple[int, int]:
    """Return how many faults strike, and how often anything else happens than what would by itself."""
    faults = sum(struck_kind(node.taken) != "" for node in path)
    switches = sum(actor_of(node.taken) not in (node.options[0], node.taken.partition("!")[1]) for node in path)
    return faults, faults + switches


def smaller_neighbours(run: Callable[[Sequence[str]], Ran], decisions: Sequence[str]) -> Iterator[Ran]:
    """Yield how every schedule runs that is *decisions* with one word less, and is smaller.

    A word that is no matter of course is left out, or undone: what would have happened by itself happens instead.
    The words behind it stay, unless they cannot be decided any more, or go.

    Args:
        run: Runs a schedule by its words. Its path ends early at a word that cannot be decided.
        decisions: The words.
    """
    path = run(decisions).path
    size = size_of(path)
    tried = {tuple(decisions)}
    for at, word in enumerate(decisions):
        if word == path[at].options[0]:
            continue
        undone = actor_of(word) if "!" in word else path[at].options[0]
        for beginning in ((*decisions[:at],), (*decisions[:at], undone)):
            for rest in (decisions[at + 1 :], ()):
                ran = _as_far_as_possible(run, (*beginning, *rest), tried)
                if ran is not None and size_of(ran.path) < size:
                    yield ran


def _as_far_as_possible(
    run: Callable[[Sequence[str]], Ran], decisions: tuple[str, ...], tried: set[tuple[str, ...]]
) -> Ran | None:
    while decisions not in tried:
        tried.add(decisions)
        ran = run(decisions)
        done = len(ran.path)
        if done >= len(decisions):
            return ran
        decisions = (*decisions[:done], *decisions[done + 1 :])
    return None
