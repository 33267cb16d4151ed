"""A fault of a story, with the place where it was to strike and what shows that it struck there."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from harness.nemesis.fault import NotWitnessedError
from verify.history.events import Fault

if TYPE_CHECKING:
    from harness.nemesis.fault import Strike


class Blow:
    """A fault of the story.

    Attributes:
        strike: What is known of the fault itself.
        at: The place where it was to strike; empty where any will do.
        at_ns: When injecting it began.
    """

    def __init__(self, strike: Strike, at: str, at_ns: int) -> None:
        self.strike = strike
        self.at = at
        self.at_ns = at_ns
        self._place = ""
        self._seen = ""

    def saw(self, sentence: str) -> None:
        """Say what shows that it struck at its place."""
        self._place = sentence

    def close(self) -> None:
        """Keep what shows that it bit, now that it is healed."""
        with suppress(NotWitnessedError):
            self._seen = self.strike.witness()

    def told(self) -> Fault:
        """Return the fault as the history tells it, with its witness or none."""
        is_seen = self._seen and (self._place or not self.at)
        witness = "; ".join(filter(None, [self._seen, self._place])) if is_seen else ""
        return Fault(kind=self.strike.name, at=self.at, witness=witness, at_ns=self.at_ns)
