"""Of a history that goes on, what decides how it is judged.

Must keep apart whatever a checker may ever tell apart. That it does is compared on explorations of every schedule.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from typing import TYPE_CHECKING

from verify.history.events import Complete, Died, EffectCall, EffectReply, Event, Fault, Landed, Phase
from verify.history.words import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Words = tuple[str, ...]
Judged = tuple[tuple[tuple[str, Words], ...], Words, tuple[Words, ...]]
"""What each process did, in its order; what landed, in its order; who entered and left, in groups."""

_UNJUDGED = frozenset({"at_ns", "detail"})
"""Fields of events that no checker reads where there are no limits to be kept: a finding may quote them."""
_SAID_OTHERWISE = frozenset({"process", "op"})
"""Fields that tell who it was: each process has one operation."""
_AS_THEMSELVES: Mapping[str, str] = {}


def as_judged(events: Iterable[Event], casting: Mapping[str, str] = _AS_THEMSELVES) -> Judged:
    """Return what each process did, how effects landed, and who entered before whom left.

    In which order two processes entered, or left, or asked in vain, nobody asks. A process that *casting* names is
    called by the part that it gives.
    """
    of_process: dict[str, list[str]] = defaultdict(list)
    landed: list[str] = []
    meetings: list[tuple[str, list[str]]] = []
    inside: set[str] = set()
    for event in events:
        if isinstance(event, Fault):
            continue
        process = getattr(event, "process", "")
        part = casting.get(process, process)
        word = _word(event, part, type(getattr(event, "fence", None)).__name__)
        how = "phase"
        if not isinstance(event, Phase):
            of_process[part].append(word)
            if isinstance(event, EffectCall):
                inside.add(process)
            if isinstance(event, EffectCall | Landed):
                how = "enters"
            elif _leaves(event, inside):
                how = "leaves"
            else:
                continue
        if isinstance(event, Landed):
            landed.append(word)
        if how == "phase" or not meetings or meetings[-1][0] != how:
            meetings.append((how, []))
        meetings[-1][1].append(word)
    of_all = sorted((process, tuple(words)) for process, words in of_process.items())
    return tuple(of_all), tuple(landed), tuple(tuple(sorted(words)) for _, words in meetings)


def _leaves(event: Event, inside: set[str]) -> bool:
    """Say whether a process leaves what it had entered, or somebody is answered OK."""
    if isinstance(event, EffectReply):
        inside.discard(event.process)
        return True
    if isinstance(event, Complete):
        return event.outcome is Outcome.OK or event.process in inside
    return isinstance(event, Died) and event.process in inside


@functools.lru_cache(maxsize=65536)
def _word(event: Event, part: str, _fence: str) -> str:
    # Guards say what their fence is: True equals 1, and is another word.
    named = [name for name in event.__struct_fields__ if name not in _UNJUDGED and name not in _SAID_OTHERWISE]
    return f"{part} {type(event).__name__}{[getattr(event, name) for name in named]}"
