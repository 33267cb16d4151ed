"""Of a history that goes on, what decides how it is judged.

Must keep apart whatever a checker may ever tell apart, which is nothing across keys (``verify.history.partition``).
That it does is compared on explorations of every schedule.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from typing import TYPE_CHECKING

from harness.explorer.world.sections import Sections
from verify.history.events import Event, Fault, Invoke, Landed, Phase

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Words = tuple[str, ...]
OfKey = tuple[str, Words, tuple[Words, ...]]
"""A key, what landed of it, in its order, and who entered and left, in groups."""
Judged = tuple[tuple[tuple[str, Words], ...], tuple[OfKey, ...]]
"""What each process did, in its order, and what became of each key."""

_UNJUDGED = frozenset({"at_ns", "detail"})
"""Fields of events that no checker reads where there are no limits to be kept: a finding may quote them."""
_SAID_OTHERWISE = frozenset({"process", "op"})
"""Fields that tell who it was: each process has one operation."""
_AS_THEMSELVES: Mapping[str, str] = {}


def as_judged(events: Iterable[Event], casting: Mapping[str, str] = _AS_THEMSELVES) -> Judged:
    """Return what each process did, and of each key how effects landed and who entered before whom left.

    In which order two processes entered, or left, or asked in vain, nobody asks, nor what came first of two keys. A
    process that *casting* names is called by the part that it gives.
    """
    of_process: dict[str, list[str]] = defaultdict(list)
    of_key: dict[str, _Meetings] = {}
    key_of: dict[str, str] = {}
    phases: list[str] = []
    for event in events:
        if isinstance(event, Fault):
            continue
        process = getattr(event, "process", "")
        part = casting.get(process, process)
        word = _word(event, part, type(getattr(event, "fence", None)).__name__)
        if isinstance(event, Phase):
            phases.append(word)
            for meetings in of_key.values():
                meetings.note("phase", word)
            continue
        of_process[part].append(word)
        if isinstance(event, Invoke):
            key_of[process] = event.key
            if event.key not in of_key:
                of_key[event.key] = _Meetings(phases)
        elif process in key_of:
            of_key[key_of[process]].take(event, word)
    of_all = sorted((process, tuple(words)) for process, words in of_process.items())
    return tuple(of_all), tuple(meetings.told(key) for key, meetings in sorted(of_key.items()))


class _Meetings:
    """How effects of one key landed, and who entered before whom left."""

    def __init__(self, phases: Iterable[str]) -> None:
        self._landed: list[str] = []
        self._sections = Sections()
        self._groups = [("phase", [word]) for word in phases]

    def take(self, event: Event, word: str) -> None:
        """Note an event of a process that has to do with the key."""
        if isinstance(event, Landed):
            self._landed.append(word)
        how = self._sections.meets(event)
        if how:
            self.note(how, word)

    def note(self, how: str, word: str) -> None:
        """Note a word beside those of which nobody asks which came first; phases keep their order."""
        if how == "phase" or not self._groups or self._groups[-1][0] != how:
            self._groups.append((how, []))
        self._groups[-1][1].append(word)

    def told(self, key: str) -> OfKey:
        """Return what became of the key."""
        return key, tuple(self._landed), tuple(tuple(sorted(words)) for _, words in self._groups)


@functools.lru_cache(maxsize=65536)
def _word(event: Event, part: str, _fence: str) -> str:
    # Guards say what their fence is: True equals 1, and is another word.
    named = [name for name in event.__struct_fields__ if name not in _UNJUDGED and name not in _SAID_OTHERWISE]
    return f"{part} {type(event).__name__}{[getattr(event, name) for name in named]}"
