"""Every kill of one audit's writer, each in a folder of its own: the events of what happened, for the checkers.

A writer does two acts and is killed at one step of them, or the power is cut there. Then another writer does a third
act, and the audit is read. Nothing is concluded here.
"""

from __future__ import annotations

import signal
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.audit_walk.kill_points import cut_power
from harness.audit_walk.writing import BROKE, Writer, told_by
from harness.errors import CouldNotRunError
from verify.history.events import Audited, AuditRead, Died, Fault, Phase, from_object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.audit_walk.subject import MakeAudit
    from verify.history.events import Event

KILLED, POWER_CUT = "process_killed", "power_cut"
KINDS = (KILLED, POWER_CUT)
_KEYS = {1: "k0", 2: "k1"}
_LATER_KEYS = {3: "k2"}


@dataclass(frozen=True, slots=True)
class Walked:
    """What one kill left.

    Attributes:
        step: The step at which the writer was killed, from 1; 0 where nobody was.
        kind: What struck; empty where nothing did.
        events: What happened.
    """

    step: int
    kind: str
    events: tuple[Event, ...]


def walk(make: MakeAudit) -> Iterator[Walked]:
    """Yield the run without a fault, and then every kill: at each step, each kind.

    Raises:
        CouldNotRunError: The audit cannot be walked; the message says why.
    """
    steps, whole = _whole(make)
    yield whole
    for step in range(1, steps + 1):
        for kind in KINDS:
            yield killed(make, step, kind)


def _whole(make: MakeAudit) -> tuple[int, Walked]:
    with tempfile.TemporaryDirectory(prefix="audit-walk-") as temporary:
        place = Path(temporary)
        first, second = _writers(place)
        _work(first, make, place / "notes", 0)
        steps = int((place / "notes").read_text(encoding="utf-8"))
        _work(second, make, place / "later", 0)
        return steps, Walked(0, "", tuple(_events(make, (first, second), [])))


def killed(make: MakeAudit, step: int, kind: str) -> Walked:
    """Kill the first writer at *step* and return what that left.

    Raises:
        CouldNotRunError: The audit cannot be walked, or has no such step.
    """
    with tempfile.TemporaryDirectory(prefix="audit-walk-") as temporary:
        place = Path(temporary)
        first, second = _writers(place)
        status = _work(first, make, place / "notes", step)
        if status != -signal.SIGKILL:
            raise CouldNotRunError(f"the writer has no step {step}: it came to its end")
        if kind == POWER_CUT:
            cut_power(place / "notes")
        _work(second, make, place / "later", 0)
        witness = f"the process ended with status {status}, by our signal"
        struck: list[Event] = [
            Fault(kind=kind, process=first.name, at=f"step {step}", witness=witness),
            Died(process=first.name),
        ]
        return Walked(step, kind, tuple(_events(make, (first, second), struck)))


def _writers(place: Path) -> tuple[Writer, Writer]:
    folder = place / "audit"
    folder.mkdir()
    return Writer("w0", folder, place / "told", _KEYS), Writer("r1", folder, place / "told-later", _LATER_KEYS)


def _work(writer: Writer, make: MakeAudit, notes: Path, fatal: int) -> int:
    status = writer.work(make, notes, fatal)
    if status == BROKE:
        raise CouldNotRunError("the audit raised where no fault was: see the traceback above")
    return status


def _events(make: MakeAudit, writers: tuple[Writer, Writer], struck: list[Event]) -> Iterator[Event]:
    first, second = told_by(writers)
    yield Phase(name="workload")
    yield from map(from_object, first)
    yield from struck
    yield Phase(name="heal")
    yield from map(from_object, second)
    audit = make(str(writers[0].folder))
    problem = ""
    try:
        for key, side in audit.read():
            yield Audited(key=key, side=side)
    except Exception as error:  # noqa: BLE001 - whatever the reader raises is what it says of the audit
        problem = f"{type(error).__name__}: {error}"
    yield AuditRead(problem=problem)
