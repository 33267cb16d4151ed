"""A schedule as a line and as a file: who goes on, and what strikes, decision by decision."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from harness.errors import WrongInputError
from harness.explorer.hosting import GREENLETS
from harness.explorer.world.setting import LEASE_S, WORKLOADS
from verify.decisions import decisions_of, faults_of
from verify.history.events import to_object

if TYPE_CHECKING:
    from pathlib import Path

    from harness.explorer.world.world import World

SCHEMA = 3
_FIELDS: dict[str, type | tuple[type, ...]] = {
    "schema": int,
    "subject": str,
    "promise": str,
    "workload": str,
    "workers": int,
    "hosting": dict,
    "kinds": list,
    "lease_s": (int, float),
    "redis": str,
    "seed": int,
    "decisions": list,
    "finding": dict,
    "is_smallest": bool,
    "explored": list,
    "taken": list,
    "steps": list,
    "events": list,
}
_LISTS = tuple(name for name, kind in _FIELDS.items() if kind is list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A replayable schedule.

    Attributes:
        kinds: The fault kinds that could strike.
        decisions: What is decided; after that everybody goes on as they would by themselves.
        hosting: How the subject's processes are made and held, as :class:`Hosting` stores it.
        finding: What it shows: checker and sentence; empty for a schedule that shows nothing.
        is_smallest: Without any one of its faults and switches the finding is not there.
        explored: The decisions of the explored schedule that it was shrunk from; replay needs nothing from here on.
        taken: All decisions that were taken when it ran.
        steps: What was seen when it ran.
        events: What was judged when it ran.
        more_faults: Faults that could have struck behind the decisions; of a stored schedule none could.
        imports_from: Folders in which the subject's imports are found, besides Python's own.
    """

    subject: str
    promise: str
    workload: str
    workers: int
    kinds: tuple[str, ...]
    redis: str
    seed: int
    decisions: tuple[str, ...]
    lease_s: float = LEASE_S
    hosting: dict[str, Any] = field(default_factory=GREENLETS.to_object)
    finding: dict[str, Any] = field(default_factory=dict)
    is_smallest: bool = False
    explored: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()
    steps: tuple[dict[str, Any], ...] = ()
    events: tuple[dict[str, Any], ...] = ()
    more_faults: int = 0
    imports_from: tuple[str, ...] = ()

    @property
    def faults(self) -> tuple[str, ...]:
        """The fault kinds that strike, in order."""
        return faults_of(self.decisions)

    def ran(self, world: World) -> Schedule:
        """Return the schedule with what was seen when it ran."""
        steps = tuple(step.to_object() for step in world.trace.steps)
        events = tuple(to_object(event) for event in world.trace.events)
        return replace(self, taken=world.decisions, steps=steps, events=events)

    def dumps(self) -> str:
        """Return the schedule as JSON."""
        stored = {name: getattr(self, name) for name in (*_FIELDS, "imports_from") if name != "schema"}
        return json.dumps({"schema": SCHEMA, **stored}, indent=1, default=list) + "\n"


def line_of(workload: str, decisions: tuple[str, ...]) -> str:
    """Return the one-line form: the workload, a colon, the decisions."""
    return f"{workload}: {' '.join(decisions)}"


def parse_line(line: str) -> tuple[str, tuple[str, ...]]:
    """Return the workload and the decisions of a one-line form."""
    return line.partition(": ")[0], decisions_of(line)


def load_schedule(path: Path) -> Schedule:
    """Return the schedule stored at *path*.

    Raises:
        WrongInputError: The file cannot be read, is cut off, or is no schedule.
    """
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise WrongInputError(f"cannot read the schedule {path}: {error.strerror}") from error
    except ValueError as error:
        raise WrongInputError(f"{path} is no whole schedule file (is it cut off?): {error}") from error
    if not isinstance(stored, dict) or stored.get("schema") != SCHEMA:
        raise WrongInputError(f"{path} is no schedule of schema {SCHEMA}; expected a file that stormproof wrote")
    for name, kind in _FIELDS.items():
        if not isinstance(stored.get(name), kind):
            raise WrongInputError(f"{path}: field {name!r} is missing or of another type")
    if stored["workload"] not in WORKLOADS:
        raise WrongInputError(f"{path}: unknown workload {stored['workload']!r}; expected {', '.join(WORKLOADS)}")
    body = {name: stored[name] for name in _FIELDS if name != "schema"}
    # An older file does not say where its imports are.
    body["imports_from"] = stored.get("imports_from", [])
    for name in (*_LISTS, "imports_from"):
        body[name] = tuple(body[name])
    return Schedule(**body)
