"""All worker processes of a storm, as its faults see them, whichever machine they are on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from harness.storm.gang import Ended
    from harness.storm.plan import StormPlan


class Company(Protocol):
    """Worker processes, each known by its number."""

    def recruit(self, plan: StormPlan, count: int) -> None:
        """Have so many of them."""

    def ended(self) -> list[Ended]:
        """Return those that have ended by themselves since this was asked last."""

    def gather(self) -> None:
        """Wait until all have ended and what they wrote is where the leader writes."""

    @property
    def lost(self) -> list[str]:
        """Say whose record is not there."""

    @property
    def notes(self) -> list[str]:
        """Say which machines took part, where there are several."""

    @property
    def numbers(self) -> list[int]:
        """Those that run."""

    def kill(self, number: int) -> int:
        """SIGKILL one; return when it was gone, on the clock of the history."""

    def replace(self, number: int) -> object:
        """Start another one in the place of one that was killed."""

    def pause(self, number: int) -> str:
        """SIGSTOP one; return what shows that it is stopped, empty where nothing does."""

    def resume(self, number: int) -> None:
        """SIGCONT one; nothing happens to one that is gone."""
