"""Measured cells and their histories, written by hand and as small as they can be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from verify.durability.cell import Configuration, Crash, Level, Measured, Word
from verify.durability.matrix import judge_lattice
from verify.history.events import Fault, Phase
from verify.history.judge import StoredHistory, judge_exploration
from verify.history.promises import Promise
from verify.history.record import Bound, ExplorationRecord
from verify.history.tests.histories import answered, executed
from verify.history.words import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from verify.history.events import Event
    from verify.history.judgement import Judgement

WITNESS = "run id a became b"
EVICTS_NOTHING_YET = ("eviction", "WARNING", "a policy that evicts, and no memory limit")


def cell(level: Level = Level.OK, crash: Crash = Crash.PROCESS_KILL, **changes: Any) -> Measured:
    """Return a cell that kept all, with *changes*."""
    said: dict[str, Any] = {
        "history": 1,
        "configuration": Configuration(),
        "crash": crash,
        "word": Word(level=level),
        "acknowledged": 8,
        "kept": 8,
        "orders": 1,
        "done": 1,
        "in_calm": 1,
        "witness": WITNESS,
    }
    return Measured(**said | changes)


def history(*, landings: int = 1, last: Outcome = Outcome.OK) -> list[Event]:
    """Return the history of one order that landed so often, was acknowledged, and was answered *last* in the end."""
    events: list[Event] = [Phase(name="workload"), *executed("w", 1)]
    events.append(Fault(kind="process_kill", at="the primary", witness=WITNESS))
    events += [Phase(name="redeliver")]
    for n in range(2, landings + 1):
        events += executed("r", n, n=n)
    if landings == 1:
        events += answered("r", 2, last, "" if last is Outcome.OK else "refused")
    return events


def lattice_record(cells: Sequence[Measured], histories: int) -> ExplorationRecord:
    """Return what a lattice of *cells* says of itself, of which so many histories are kept."""
    kinds = tuple(dict.fromkeys(one.crash.value for one in cells))
    return ExplorationRecord(
        tier="durability",
        name="durability, reference",
        subject="reference",
        promise=Promise.AT_MOST_ONCE,
        bound=Bound(workers=1, faults=1, kinds=kinds, workloads=("cell",)),
        schedules=histories,
        classes=histories,
        exhausted=True,
        seed=1,
        requires_overlap=False,
    )


def judged(
    cells: Sequence[Measured], histories: dict[int, list[Event]] | None = None
) -> tuple[Judgement, dict[str, Any]]:
    """Return what is said of *cells*; each has a good history of its own unless another one is given."""
    told = {one.history: history() for one in cells} if histories is None else histories
    record = lattice_record(cells, len(told))
    stored = [StoredHistory(id=number, events=events, schedule="cell: ") for number, events in told.items()]
    return judge_lattice(judge_exploration(record, stored, lambda _line: ""), cells, told)
