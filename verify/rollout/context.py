"""What a check may look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from verify.rollout.git import Git

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from verify.rollout.inside_tree import Interpreter
    from verify.rollout.manifest import Baseline
    from verify.rollout.stat_cache import StatCache


class Store(Protocol):
    """A real Redis that a guard may be tried on; nothing but the guard writes to it."""

    @property
    def url(self) -> str:
        """Where it is."""

    @property
    def about(self) -> str:
        """What it is, for the report."""

    def keys(self) -> list[str]:
        """Return the names of all keys."""

    def clear(self) -> None:
        """Remove all keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a check may look at.

    Attributes:
        tree: The tree that is verified.
        baseline: What it is compared with; its rules are those that count.
        interpreter: Where code of the tree may run.
        open_store: Gives a real, empty Redis for the length of a block; raises CannotCheckError if there is none.
        expect_enabled: Flags that must be on, though they are off by default.
        cache: What files held at the last look; None where every file is read.
        jobs: How many processes read the protected files.
    """

    tree: Path
    baseline: Baseline
    interpreter: Interpreter
    open_store: Callable[[], AbstractContextManager[Store]]
    expect_enabled: frozenset[str] = frozenset()
    cache: StatCache | None = None
    jobs: int = 1

    @property
    def git(self) -> Git | None:
        """The tree as git sees it; None where there is no repository."""
        git = Git(self.tree)
        return git if git.is_there else None
