"""What happened in one schedule: the events that are judged, and the steps that a person wants to see.

Names are made the same in every schedule (the key becomes ``k0``, order ids ``o1``, ``o2`` ...), so that schedules
that differ only in such names give one history.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from verify.history.events import Event, Fault, Landed

if TYPE_CHECKING:
    from harness.explorer.process import Process

KEY = "k0"
TIME = "time"
"""Where a jump of time is counted: it strikes no process in particular."""


@dataclass(frozen=True, slots=True)
class SeenStep:
    """One step as a picture shows it."""

    process: str
    name: str
    keys: tuple[str, ...]
    outcome: str
    fault: str = ""

    def to_object(self) -> dict[str, Any]:
        """Return the step as a JSON object."""
        return {
            "process": self.process,
            "name": self.name,
            "keys": list(self.keys),
            "outcome": self.outcome,
            "fault": self.fault,
        }


class Trace:
    """Collects events and steps of one schedule."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.events: list[Event] = []
        self.steps: list[SeenStep] = []
        self.hits: list[tuple[str, str]] = []
        self.struck: list[str] = []
        self._order_ids: dict[str, str] = {}

    def plain(self, text: str) -> str:
        """Return *text* with this schedule's names made the same as in every other."""
        text = text.replace(self.key, KEY)
        for order_id, name in self._order_ids.items():
            text = text.replace(order_id, name)
        return text

    def order_id(self, order_id: str | None) -> str | None:
        """Return the plain name of a client order id."""
        if order_id is None:
            return None
        return self._order_ids.setdefault(order_id, f"o{len(self._order_ids) + 1}")

    def canonical(self, value: object) -> str:
        """Return what a guard or the venue returned as plain canonical JSON."""
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=lambda odd: f"<{type(odd).__name__}>")
        return self.plain(text)

    def event(self, event: Event) -> None:
        """Add an event that is judged."""
        self.events.append(event)

    def landed(self, line: Landed) -> None:
        """Add a line of the venue's book."""
        order_id = self.order_id(line.order_id)
        receipt = None if line.receipt is None else self.plain(line.receipt)
        self.event(replace(line, key=KEY, order_id=order_id, receipt=receipt))

    def step(self, process: Process, outcome: str, fault: str = "") -> None:
        """Add the step that *process* waited for."""
        step = process.step
        if step is not None:
            keys = tuple(self.plain(key.decode("utf-8", "replace")) for key in getattr(step, "keys", ()))
            self.steps.append(SeenStep(process.name, step.name, keys, outcome, fault))

    def fault(self, process: Process, kind: str, witness: str) -> None:
        """Add a fault that has bitten, with its witness."""
        step = process.step
        where = place_of(process)
        self.hits.append((kind, where))
        self.struck.append(kind)
        at = f"{process.name} {process.ordinal} {step.name if step is not None else ''}".rstrip()
        self.event(Fault(kind=kind, process=process.name, at=at, witness=witness))

    def advanced(self, seconds: float) -> None:
        """Add a jump of time."""
        self.hits.append(("advance", TIME))
        self.struck.append("advance")
        self.event(Fault(kind="advance", at=TIME, witness=f"the server's TIME moved by {seconds:g} s"))
        self.steps.append(SeenStep("", TIME, (), f"+{seconds:g} s", "advance"))


def place_of(process: Process) -> str:
    """Return where a process stands, as coverage counts it: its nth step, or a recovery's."""
    name = process.step.name if process.step is not None else ""
    return f"{process.ordinal} {name}" if process.name.startswith("w") else f"recovery {name}"
