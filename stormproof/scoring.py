"""Scores the checkers by the good histories of a self-test, and leaves the score in its run folder."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING

from reports.schedule_index import ScheduleIndex
from reports.stored_history import HistoryReader
from reports.stored_run import load_run
from verify.history.judge import EXPLORE
from verify.history.score import Recorded, Score
from verify.run_layout import SCORE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reports.stored_run import StoredPart
    from verify.history.judge import StoredHistory
    from verify.history.promises import Promise

OF_EACH = 6
"""Histories of one part that are changed, spread evenly over all that it gave."""


def score_checkers(run: Path) -> None:
    """Change good histories of the sound guards that the explorer ran, and write down what the checkers noticed.

    Raises:
        StoredRunError: A part of the run cannot be read.
    """
    parts = [
        part
        for part in load_run(run).parts
        if part.is_instrument and part.checker is None and part.record.tier == EXPLORE
    ]
    recorded: dict[Promise, Recorded] = defaultdict(Recorded)
    for part in parts:
        for history in _histories(part):
            recorded[part.record.promise].add(history.events)
    score = Score()
    for part in parts:
        promise, step = part.record.promise, max(1, part.record.classes // OF_EACH)
        for history in _histories(part):
            if history.id % step == 1 % step:
                score.take(history.events, promise, recorded[promise], where=f"{part.name}, history {history.id}")
    (run / SCORE).write_text(json.dumps(score.to_object(), indent=2) + "\n", encoding="utf-8")


def _histories(part: StoredPart) -> Iterator[StoredHistory]:
    yield from HistoryReader(part.folder, ScheduleIndex(part.folder))
