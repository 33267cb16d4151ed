"""Who comes to the venue and who leaves it. The checkers ask of the order of events only in which order these are."""

from __future__ import annotations

from typing import Literal

from verify.history.events import Complete, Died, EffectCall, EffectReply, Event, Landed
from verify.history.words import Outcome

Meeting = Literal["enters", "leaves", ""]


class Sections:
    """The processes that have come to the venue, and were not told, did not answer and did not die since."""

    def __init__(self) -> None:
        self._inside: set[str] = set()

    def meets(self, event: Event) -> Meeting:
        """Say whether somebody comes to the venue, or something lands there; or leaves; or nobody asks when it was.

        Whoever is answered OK leaves, too: an effect must have landed before.
        """
        if isinstance(event, EffectCall | Landed):
            if isinstance(event, EffectCall):
                self._inside.add(event.process)
            return "enters"
        if isinstance(event, EffectReply):
            self._inside.discard(event.process)
            return "leaves"
        is_answered_ok = isinstance(event, Complete) and event.outcome is Outcome.OK
        is_left = isinstance(event, Complete | Died) and event.process in self._inside
        return "leaves" if is_answered_ok or is_left else ""
