"""The stories of the seeds on each provider: each holds for the reference, and catches the guard it is there for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.containers.tests.providers import PROVIDERS
from harness.errors import CouldNotRunError
from harness.redis_server.choice import ContainerChoice
from harness.subjects.loading import load_subject
from scenarios.registry import STORIES
from scenarios.stage import NO_PAIR, Stage
from scenarios.story import Category, Story
from scenarios.tests.telling import judged
from verify.history.words import Verdict

if TYPE_CHECKING:
    from pathlib import Path

EVERYWHERE = ("kill_redis", "retry_race", "worker_storm")
"""The stories that are told on every provider, as far as there are such; on the embedded server all are."""

on_every_provider = pytest.mark.parametrize("redis", PROVIDERS)
every_story = pytest.mark.parametrize("name", [name for name in STORIES if name in EVERYWHERE])


@pytest.mark.in_turn(0)
@on_every_provider
@every_story
def test_the_reference_holds(name: str, redis: str, tmp_path: Path, seed: int) -> None:
    """The report names the server that was chosen."""
    judgement, _ = judged(STORIES[name], tmp_path, "reference", seed, redis=redis)
    assert judgement.verdict is Verdict.VALID, judgement.reasons or judgement.findings
    assert judgement.record.server.choice == redis
    assert judgement.record.server.version


@pytest.mark.in_turn(1)
@on_every_provider
@every_story
def test_the_planted_guard_is_caught(name: str, redis: str, tmp_path: Path, seed: int) -> None:
    """What the story is there to catch, it catches wherever it is told."""
    judgement, _ = judged(STORIES[name], tmp_path, STORIES[name].STORY.catches[0], seed, redis=redis)
    assert judgement.verdict is Verdict.INVALID, judgement.reasons


def test_a_story_with_a_replica_is_not_told_in_containers() -> None:
    """It says what it needs, and starts nothing."""
    story = Story(name="pair", category=Category.CRASH, what="A pair.", kinds=(), catches=(), has_replica=True)
    choice = ContainerChoice("container:none:0", "none:0")
    with pytest.raises(CouldNotRunError, match="the story pair needs a pair") as caught:
        Stage(story, load_subject("reference"), choice, 1).__enter__()
    assert NO_PAIR in str(caught.value)
