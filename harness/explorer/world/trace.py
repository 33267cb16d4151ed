"""What happened in one schedule: the events that are judged, what each step touched, and what a person wants to see.

Names are made the same in every schedule (the key becomes ``k0``, its order ids ``o1``, ``o2`` ..., those of a second
key ``o1'`` ...), so that schedules that differ only in such names give one history.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.explorer.search.footprint import EVERYTHING, Footprint, footprint
from harness.explorer.search.races import MISSED, UNDECIDED
from harness.explorer.search.races import Event as Happened
from harness.explorer.world.sections import Sections
from verify.history.events import Event, Fault, Invoke, Landed, Phase, changed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from harness.explorer.world.late import Late
    from harness.explorer.world.process import Process
    from harness.explorer.world.steps import Step

KEY = "k0"
TIME = "time"
"""Where a jump of time is counted: it strikes no process in particular."""
THE_STORE, THE_LAST_WRITE, THE_VENUE = "the store", "the last write", "the venue"
"""What steps touch besides keys."""

_NOTHING: frozenset[str] = frozenset()
_as_json = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=lambda odd: f"<{type(odd).__name__}>"
).encode


class SeenStep(NamedTuple):
    """One step as a picture shows it; one without a process is a fault of the world, told by its outcome.

    Attributes:
        process: Who takes it; empty for the world.
        name: The command, or what it strikes.
        keys: The keys that the command names.
        outcome: What came of it.
        fault: What struck it; empty for nothing.
        unsent: It never left, because the connection was gone.
        phase: How many phases had begun.
    """

    process: str
    name: str
    keys: tuple[str, ...]
    outcome: str
    fault: str = ""
    unsent: bool = False
    phase: int = 0

    def to_object(self) -> dict[str, Any]:
        """Return the step as a JSON object."""
        return {
            "process": self.process,
            "name": self.name,
            "keys": list(self.keys),
            "outcome": self.outcome,
            "fault": self.fault,
            "unsent": self.unsent,
            "phase": self.phase,
        }


class Trace:
    """Collects what happens in one schedule.

    Attributes:
        events: What is judged.
        happened: Every decision with its footprint, and what happened without one.
        steps: What a picture shows.
        hits: Fault kinds that struck, with the place.
        struck: The same kinds, in order.
    """

    def __init__(self, key: str, now_ns: Callable[[], int] | None = None) -> None:
        """Begin with nothing.

        Args:
            key: The schedule's own.
            now_ns: Dates the events, where what is judged depends on time, and is asked of all keys together; None
                leaves them undated.
        """
        self.key = key
        self._now_ns = now_ns
        self.events: list[Event] = []
        self.happened: list[Happened] = []
        self.steps: list[SeenStep] = []
        self.hits: list[tuple[str, str]] = []
        self.struck: list[str] = []
        self._phases = 0
        self._order_ids: dict[str, str] = {}
        self._names: dict[bytes, str] = {}
        self._sections = Sections()
        self._key_of: dict[str, str] = {}
        self._reads: set[str] = set()
        self._writes: set[str] = set()
        self._touches_all = False
        self._enters: set[str] = set()
        self._leaves: set[str] = set()

    # Names.

    def plain(self, text: str) -> str:
        """Return *text* with this schedule's names made the same as in every other."""
        text = text.replace(self.key, KEY)
        for order_id, name in self._order_ids.items():
            text = text.replace(order_id, name)
        return text

    def plain_key(self, key: bytes) -> str:
        """Return the plain name of a Redis key."""
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = self.plain(key.decode("utf-8", "backslashreplace"))
        return name

    def plain_keys(self, keys: tuple[bytes, ...]) -> tuple[str, ...]:
        """Return the plain names of Redis keys."""
        return tuple([self.plain_key(key) for key in keys])

    def order_id(self, order_id: str | None, key: str) -> str | None:
        """Return the plain name of a client order id of a plain *key*: numbered by itself, whatever others do."""
        if order_id is None:
            return None
        if order_id not in self._order_ids:
            mark = "'" * list(dict.fromkeys(self._key_of.values())).index(key)
            number = sum(name.count("'") == len(mark) for name in self._order_ids.values()) + 1
            self._order_ids[order_id] = f"o{number}{mark}"
        return self._order_ids[order_id]

    def canonical(self, value: object) -> str:
        """Return what a guard or the venue returned as plain canonical JSON."""
        return self.plain(_as_json(value))

    # What is judged.

    def event(self, event: Event) -> None:
        """Add an event that is judged."""
        self.events.append(event if self._now_ns is None else changed(event, at_ns=self._now_ns()))
        if isinstance(event, Phase):
            self._phases += 1
        elif isinstance(event, Invoke):
            self._key_of[event.process] = event.key
        elif meeting := self._sections.meets(event):
            met = self._enters if meeting == "enters" else self._leaves
            met.add(self._judged_with(getattr(event, "process", "")))

    def landed(self, line: Landed) -> None:
        """Add a line of the venue's book."""
        key = self.plain(line.key)
        order_id = self.order_id(line.order_id, key)
        receipt = None if line.receipt is None else self.plain(line.receipt)
        self.event(changed(line, key=key, order_id=order_id, receipt=receipt))

    def fault(self, process: Process, kind: str, witness: str) -> None:
        """Add a fault that has bitten, with its witness."""
        step = process.step
        self.hits.append((kind, place_of(process)))
        self.struck.append(kind)
        at = f"{process.name} {process.ordinal} {step.name if step is not None else ''}".rstrip()
        self.event(Fault(kind=kind, process=process.name, at=at, witness=witness))

    def world_fault(self, kind: str, at: str, witness: str, shown: str) -> None:
        """Add a fault that struck no process in particular.

        Args:
            kind: Which.
            at: Where coverage counts it.
            witness: How it is known to have bitten.
            shown: What a picture says of it.
        """
        self.hits.append((kind, at))
        self.struck.append(kind)
        self.event(Fault(kind=kind, at=at, witness=witness))
        self.steps.append(SeenStep("", at, (), shown, kind, phase=self._phases))

    # What was touched.

    def at_venue(self, key: str) -> str:
        """Return what a request of a key touches at the venue, which numbers effects key by key."""
        return f"{THE_VENUE}, {self.plain(key)}" if self._now_ns is None else THE_VENUE

    def touch(self, *, reads: Iterable[str] = (), writes: Iterable[str] = (), everything: bool = False) -> None:
        """Note what the step being taken touches."""
        self._reads.update(reads)
        self._writes.update(writes)
        self._touches_all |= everything

    def decided(self, actor: str, decision: str, node: int) -> Footprint:
        """Note that a decision has been carried out; return what was touched since the last one."""
        seen = (
            footprint(everything=True)
            if self._touches_all
            else footprint(
                frozenset(self._reads) if self._reads else _NOTHING,
                frozenset(self._writes) if self._writes else _NOTHING,
                enters=frozenset(self._enters) if self._enters else _NOTHING,
                leaves=frozenset(self._leaves) if self._leaves else _NOTHING,
            )
        )
        self.happened.append(Happened(actor, decision, node, seen))
        self.forget_touched()
        return seen

    def forget_touched(self) -> None:
        """Forget what was touched where nobody decided anything."""
        self._reads.clear()
        self._writes.clear()
        self._enters.clear()
        self._leaves.clear()
        self._touches_all = False

    def undecided(self) -> None:
        """Note that something happened that nobody decided and that nothing may trade places with."""
        if not self.happened or not self.happened[-1].footprint.everything:
            self.happened.append(Happened("", "", UNDECIDED, EVERYTHING))

    def missed(self, late: Late, *, reads: Iterable[str], writes: Iterable[str], enters: bool) -> None:
        """Note that a step could have landed until now, and does not any more."""
        decision = late.name
        entered = frozenset((self._judged_with(late.process.name),)) if enters else _NOTHING
        touched = footprint(frozenset(reads), frozenset((*writes, decision)), enters=entered)
        self.happened.append(Happened(decision, decision, MISSED, touched))

    def _judged_with(self, process: str) -> str:
        """Return the key of a process; one name for all where limits are to be kept, which are asked of all keys."""
        return self._key_of[process] if self._now_ns is None else ""

    # What a person sees.

    def step(self, process: Process, outcome: str, fault: str = "", *, unsent: bool = False) -> None:
        """Add the step that *process* waited for."""
        if process.step is not None:
            self._seen(process, process.step, outcome, fault, unsent=unsent)

    def aside(self, process: Process, step: Step, outcome: str) -> None:
        """Add a step that a background thread of *process* took while the process was held."""
        self._seen(process, step, f"{outcome} (in the background)", "")

    def _seen(self, process: Process, step: Step, outcome: str, fault: str, *, unsent: bool = False) -> None:
        keys = self.plain_keys(getattr(step, "keys", None) or ())
        self.steps.append(SeenStep(process.name, step.name, keys, outcome, fault, unsent, self._phases))


def place_of(process: Process) -> str:
    """Return where a process stands, as coverage counts it: its nth step, or a recovery's."""
    name = process.step.name if process.step is not None else ""
    return f"{process.ordinal} {name}" if process.name.startswith("w") else f"recovery {name}"
