"""All worker processes of a storm, as its faults see them, whichever machine they are on."""

from __future__ import annotations

from typing import Protocol


class Company(Protocol):
    """Worker processes, each known by its number."""

    @property
    def numbers(self) -> list[int]:
        """Those that run."""

    def kill(self, number: int) -> int:
        """SIGKILL one; return when it was gone, on the clock of the history."""

    def replace(self, number: int) -> None:
        """Start another one in the place of one that was killed."""

    def pause(self, number: int) -> str:
        """SIGSTOP one; return what shows that it is stopped, empty where nothing does."""

    def resume(self, number: int) -> None:
        """SIGCONT one; nothing happens to one that is gone."""
