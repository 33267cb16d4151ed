"""Where the processes of a schedule get their guards from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from harness.subjects.contract import Guard, Make, Subject


class Seats(Protocol):
    """Where the guards of one schedule come from."""

    def take(self, process: str) -> tuple[Make, Guard | None]:
        """Return a ``make`` for the process that runs now, and a guard that it made where there is one already."""

    def give_back(self, process: str, make: Make, guard: Guard) -> None:
        """Take back a guard that answered: with a result, or with an error that leaves nothing open."""

    def world_ended(self) -> None:
        """Note that the schedule is over."""


class FreshSeats:
    """Every process gets a ``make`` of its own, from a module executed for it alone."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    def take(self, _process: str) -> tuple[Make, Guard | None]:
        """Return a fresh ``make`` and no guard."""
        return self._subject.load(), None

    def give_back(self, _process: str, _make: Make, _guard: Guard) -> None:
        """Drop the guard."""

    def world_ended(self) -> None:
        """Nothing is left."""


class ReusedSeats:
    """Guards that answered serve later schedules; no two processes of one schedule ever share one."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._idle: list[tuple[Make, Guard]] = []

    def take(self, _process: str) -> tuple[Make, Guard | None]:
        """Return an idle guard with its ``make``, else a fresh ``make``."""
        if self._idle:
            return self._idle.pop()
        return self._subject.load(), None

    def give_back(self, _process: str, make: Make, guard: Guard) -> None:
        """Keep the guard for another process."""
        self._idle.append((make, guard))

    def world_ended(self) -> None:
        """Keep what was given back for the next schedule."""
