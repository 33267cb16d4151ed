"""Runs the cells of a lattice side by side and leaves the files that every other tier leaves, and one of its own.

Most of a cell's time is waiting, for an fsync that is a second away or for a server that starts. So several cells are
measured at once, each in a thread of its own with servers of its own; all share one venue.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.durability.lattice import full
from harness.durability.measuring import HALF, Measurement, Validate, measure
from harness.interruption import stop_if_asked
from harness.recorder import write_cells
from harness.stored_histories import in_order, write_histories
from harness.subjects.loading import load_subject
from harness.venue.process import VenueProcess
from verify.history.promises import Promise
from verify.history.record import Bound, ExplorationRecord, Server
from verify.run_layout import DURABILITY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from harness.redis_server.choice import EmbeddedChoice
    from verify.durability.cell import Configuration, Crash
    from verify.history.events import Event, Landed

SUBJECT = "reference"
AT_ONCE = 12
"""Cells that are measured at the same time."""

_TICK_S = 0.1
_PLACE = "the primary"


@dataclass(frozen=True, slots=True, kw_only=True)
class LatticeRun:
    """What is to be run.

    Attributes:
        name: Name of the part.
        cells: Configurations with what befalls them.
        choice: The server that is started for each.
        seed: The run's seed; nothing is drawn from it.
        validate: Asks the validator.
    """

    name: str
    cells: Sequence[tuple[Configuration, Crash]]
    choice: EmbeddedChoice
    seed: int
    validate: Validate

    def into(self, folder: Path, told: Callable[[int], object] = lambda _done: None) -> ExplorationRecord:
        """Measure every cell and leave its history and its figures in *folder*.

        Args:
            folder: The folder of the part.
            told: Called with the number of cells that are done.

        Raises:
            CouldNotRunError: A server or the venue does not start.
            KeyboardInterrupt: The user asked to stop; everything is stopped.
        """
        with VenueProcess() as venue:
            measured = self._measure_all(venue, told)
            landed = _by_cell(venue.read_book().entries)
        for one in measured:
            one.events = in_order([*one.events, *landed.get(one.cell.history, ())])
        write_histories(folder, ((one.cell.history, one.events) for one in measured), workload="cell")
        write_cells(folder, (one.cell for one in measured))
        return self._record(measured)

    def _measure_all(self, venue: VenueProcess, told: Callable[[int], object]) -> list[Measurement]:
        # Loading puts a module into the interpreter for a moment, so that only one thread may do it.
        make = load_subject(SUBJECT).load()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            running: set[Future[Measurement]] = {
                pool.submit(
                    measure,
                    number,
                    configuration,
                    crash,
                    binary=self.choice.binary,
                    venue=venue,
                    make=make,
                    validate=self.validate,
                )
                for number, (configuration, crash) in enumerate(self.cells, start=1)
            }
            measured: list[Measurement] = []
            try:
                while running:
                    stop_if_asked()
                    done, running = wait(running, timeout=_TICK_S, return_when=FIRST_COMPLETED)
                    measured += [one.result() for one in done]
                    told(len(measured))
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        return sorted(measured, key=lambda one: one.cell.history)

    def _record(self, measured: list[Measurement]) -> ExplorationRecord:
        crashes = Counter(one.cell.crash.value for one in measured)
        bit = Counter(one.cell.crash.value for one in measured if one.cell.witness)
        binary = self.choice.binary
        left_out = len(full()) - len(measured)
        notes = [f"{len(measured)} cells of the durability lattice were measured"]
        if left_out:
            notes.append(f"{left_out} cells of it were not run here; stormproof campaign --tier durability runs all")
        return ExplorationRecord(
            tier=DURABILITY,
            name=self.name,
            subject=SUBJECT,
            # What an operator must settle after a loss stays open here, and the matrix counts what was lost.
            promise=Promise.AT_MOST_ONCE,
            bound=Bound(workers=HALF, faults=1, kinds=tuple(crashes), workloads=("cell",)),
            schedules=len(measured),
            classes=len(measured),
            exhausted=True,
            seed=self.seed,
            server=Server(
                name=binary.name, version=binary.version, sha256=binary.sha256 or "", choice=self.choice.text
            ),
            hits={kind: {_PLACE: count} for kind, count in bit.items()},
            applicable=dict.fromkeys(crashes, (_PLACE,)),
            requires_overlap=False,
            notes=tuple(notes),
        )


def _by_cell(book: Iterable[Landed]) -> dict[int, list[Event]]:
    """Return the lines of the book by the number of the cell whose order landed."""
    found: dict[int, list[Event]] = {}
    for line in book:
        found.setdefault(int(line.key.split("-")[1]), []).append(line)
    return found
