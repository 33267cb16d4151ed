"""Tells a story and leaves what every other tier leaves: one history, one record, in the same files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from harness.stored_histories import write_histories
from scenarios.stage import Stage
from verify.history.events import Fault
from verify.history.record import Bound, ExplorationRecord, Server

if TYPE_CHECKING:
    from pathlib import Path

    from harness.redis_server.choice import OwnedChoice
    from harness.subjects.contract import Subject
    from scenarios.story import Story

TIER = "scenarios"


class Telling(Protocol):
    """A module of this room that tells a story, or a value that does."""

    @property
    def STORY(self) -> Story:  # noqa: N802 - a module's constant
        """What it tells, and on what."""

    def play(self, stage: Stage) -> None:
        """Tell it, from the first order to the last delivery."""


def tell(telling: Telling, folder: Path, subject: Subject, choice: OwnedChoice, seed: int) -> ExplorationRecord:
    """Tell a story of *subject*, leave its history in *folder* and return its record.

    Raises:
        CouldNotRunError: A worker cannot make its guard, the steady state does not hold before anything is hurt, or
            something did not happen in time.
    """
    story = telling.STORY
    with Stage(story, subject, choice, seed) as stage:
        stage.begin()
        telling.play(stage)
        stage.end()
        events = stage.events()
        seen = stage.server.identity()
    write_histories(folder, [(1, events)], workload="story")
    faults = [event for event in events if isinstance(event, Fault)]
    places = {fault.kind: {fault.at or "anywhere": 1} for fault in faults}
    return ExplorationRecord(
        tier=TIER,
        name=f"{story.name}, {subject.name}",
        subject=subject.name,
        promise=subject.promise,
        bound=Bound(workers=story.workers, faults=len(faults), kinds=story.kinds, workloads=("story",)),
        schedules=1,
        classes=1,
        exhausted=not stage.reason,
        reason=stage.reason,
        seed=seed,
        server=Server(name=seen.name, version=seen.version, sha256=seen.sha256 or "", choice=choice.text),
        hits=places,
        applicable={kind: tuple(places.get(kind, {"anywhere": 1})) for kind in story.kinds},
        outside=subject.outside,
        requires_overlap=not story.kinds,
        notes=(*(f"{fault.kind}: {fault.witness or 'nothing shows that it bit'}" for fault in faults), *stage.notes),
    )
