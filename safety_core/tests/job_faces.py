"""One face for the blocking and the asyncio parts of job safety: one test speaks for both. Decides nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from safety_core.idempotency import GuardSettings
from safety_core.job_safety import AsyncRetryGuard, AsyncRetryPolicy, RetryGuard, RetryPolicy
from safety_core.tests.servers import LEASE_S, LIFE_S

if TYPE_CHECKING:
    from collections.abc import Callable

SETTINGS = GuardSettings(lease_s=LEASE_S, request_life_s=LIFE_S)


class Face:
    """Calls the methods of one object, in a fresh event loop each where they are coroutines.

    Attributes:
        target: The object.
    """

    def __init__(self, target: Any) -> None:
        self.target = target

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self.target, name)
        if not asyncio.iscoroutinefunction(method):
            found: Callable[..., Any] = method
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            async def run() -> Any:
                try:
                    return await method(*args, **kwargs)
                finally:
                    await self.target.aclose()

            return asyncio.run(run())

        return call


def policy_of(flavour: str, url: str, **options: Any) -> Face:
    """Return a policy of one flavour."""
    kind: Any = RetryPolicy if flavour == "sync" else AsyncRetryPolicy
    return Face(kind(url, guard=options.pop("guard", SETTINGS), **options))


def guard_of(flavour: str, url: str, **options: Any) -> Face:
    """Return a guard of jobs of one flavour."""
    kind: Any = RetryGuard if flavour == "sync" else AsyncRetryGuard
    return Face(kind(url, settings=options.pop("settings", SETTINGS), **options))


class Job:
    """A job as a job system hands it out."""

    def __init__(self, name: str = "job-1", **meta: Any) -> None:
        self.id = name
        self.meta: dict[str, Any] = dict(meta)
        self.saved = 0

    def save_meta(self) -> None:
        """Count how often the metadata was saved."""
        self.saved += 1


class Book:
    """An audit that keeps its lines in memory, in the order in which they were written.

    Attributes:
        lines: Phase and columns of each line.
        full: Whether nothing can be written any more.
    """

    def __init__(self, *, full: bool = False) -> None:
        self.lines: list[tuple[str, dict[str, Any]]] = []
        self.full = full

    def begin(self, **columns: Any) -> Entry:
        """Take an intent down."""
        self._write("intent", columns)
        return Entry(self, columns)

    def record(self, **columns: Any) -> None:
        """Take a decision down."""
        self._write("decision", columns)

    def _write(self, phase: str, columns: dict[str, Any]) -> None:
        if self.full:
            raise OSError("the disk is full")
        self.lines.append((phase, columns))


class Entry:
    """An intent in the book."""

    def __init__(self, book: Book, columns: dict[str, Any]) -> None:
        self.book, self.columns = book, columns

    def succeeded(self) -> None:
        """Take down that it was done."""
        self.book.lines.append(("done", self.columns))

    def failed(self, error: BaseException | str) -> None:
        """Take down that it failed."""
        said = error if isinstance(error, str) else type(error).__name__
        self.book.lines.append(("failed", {**self.columns, "error_message": said}))
