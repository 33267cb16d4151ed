"""Tells a story and leaves what every other tier leaves: one history, one record, in the same files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from harness.stored_histories import write_histories
from scenarios.kinship import outside_of
from scenarios.stage import Stage
from scenarios.terms import AS_USUAL, Terms
from scenarios.validator_word import WHOSE
from verify.history.events import Fault
from verify.history.record import Bound, ExplorationRecord, Server
from verify.run_layout import SCENARIOS

if TYPE_CHECKING:
    from pathlib import Path

    from harness.redis_server.choice import RedisChoice
    from harness.subjects.contract import Subject
    from scenarios.story import Story


class Telling(Protocol):
    """A module of this room that tells a story, or a value that does."""

    @property
    def STORY(self) -> Story:  # noqa: N802 - a module's constant
        """What it tells, and on what."""

    def play(self, stage: Stage) -> None:
        """Tell it, from the first order to the last delivery."""


def tell(
    telling: Telling,
    folder: Path,
    subject: Subject,
    choice: RedisChoice,
    seed: int,
    *,
    terms: Terms = AS_USUAL,
) -> ExplorationRecord:
    """Tell a story of *subject*, leave its history in *folder* and return its record.

    Args:
        telling: The story.
        folder: Where its history goes.
        subject: Whose guard.
        choice: The server.
        seed: The run's.
        terms: On what terms.

    Raises:
        BreachedError: A probe was past its limit; everything is healed.
        CouldNotRunError: A worker cannot make its guard, the steady state does not hold before anything is hurt, or
            something did not happen in time.
    """
    story = telling.STORY
    with Stage(story, subject, choice, seed, terms=terms) as stage:
        stage.begin()
        telling.play(stage)
        stage.end()
        events = stage.events()
        seen = stage.server.identity()
    notes = [*filter(None, [stage.warning]), *stage.notes]
    write_histories(folder, [(1, events)], workload="story")
    faults = [event for event in events if isinstance(event, Fault)]
    outside = _outside(story, subject, stage.warning)
    for fault in faults:
        if fault.kind in outside and not fault.witness:
            # What checkers find under a fault outside the promise decides nothing, and so would this.
            stage.refuse(f"fault {fault.kind} left no witness that it bit")
    places = {fault.kind: {fault.at or "anywhere": 1} for fault in faults}
    return ExplorationRecord(
        tier=SCENARIOS,
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
        outside=outside,
        requires_overlap=not story.kinds,
        notes=(*(f"{fault.kind}: {fault.witness or 'nothing shows that it bit'}" for fault in faults), *notes),
    )


def _outside(story: Story, subject: Subject, warning: str) -> dict[str, str]:
    """Return what the promise leaves out. Of what its own validator did not warn of, nothing is left out."""
    reasons = outside_of(subject.outside, story.kinds)
    is_unwarned = subject.name == WHOSE and story.flagged_as and not warning
    return {kind: why for kind, why in reasons.items() if not (is_unwarned and kind in story.kinds)}
