"""Tells a story and judges what it left, as a campaign does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from harness.redis_server.choice import ExternalChoice, parse_choice
from harness.subjects.loading import load_subject
from scenarios.storybook import tell
from verify.history.events import Fault, from_object
from verify.history.judge import Judgement, StoredHistory, judge_exploration
from verify.run_layout import HISTORY

if TYPE_CHECKING:
    from pathlib import Path

    from scenarios.storybook import Telling
    from verify.history.events import Event


def judged(
    telling: Telling, folder: Path, subject: str, seed: int, *, redis: str = "embedded"
) -> tuple[Judgement, list[Event]]:
    """Return what is judged of a story, and all that happened in it.

    Args:
        telling: The story's module.
        folder: An empty folder.
        subject: Name of the guard.
        seed: The run's seed.
        redis: A value of ``--redis`` that means a server of ours.
    """
    choice = parse_choice(redis)
    assert not isinstance(choice, ExternalChoice)
    record = tell(telling, folder, load_subject(subject), choice, seed)
    lines = (folder / HISTORY).read_text("utf-8").splitlines()
    events = [from_object(json.loads(line)) for line in lines]
    faults = tuple(event.kind for event in events if isinstance(event, Fault))
    stored = StoredHistory(id=1, events=events, schedule="story: ", faults=faults)
    return judge_exploration(record, [stored], lambda _line: ""), events
