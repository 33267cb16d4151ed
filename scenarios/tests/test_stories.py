"""Every story of the registry: it holds for the reference, catches its guards, shows nothing without its fault."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from harness.nemesis.registry import find
from harness.nemesis.tests.case import without_strike
from harness.subjects.broken.registry import PLANTED
from scenarios import crash_points, registry
from scenarios.registry import STORIES
from scenarios.stage import Stage
from scenarios.story import Category
from scenarios.tests.telling import judged
from verify.history.events import Fault
from verify.history.words import Verdict

if TYPE_CHECKING:
    from scenarios.storybook import Telling

CAUGHT = [(name, guard) for name, telling in STORIES.items() for guard in telling.STORY.catches]
STRUCK = [(name, kind) for name, telling in STORIES.items() for kind in telling.STORY.kinds]
_LATE_S = 0.05
"""How long an answer is waited for after each delivery; one that does not come is held back."""


def is_of_breakers(name: str) -> bool:
    """Say whether the story is told of a circuit breaker."""
    return STORIES[name].STORY.of_breakers


def reference_of(name: str) -> str:
    """Return the subject of which the story must find nothing: the reference guard, or its breaker."""
    return "breaker" if is_of_breakers(name) else "reference"


every_story = pytest.mark.parametrize("name", STORIES)


@pytest.mark.in_turn(0)
@every_story
def test_the_reference_holds(name: str, tmp_path: Path, seed: int) -> None:
    """The steady state holds before and after, every fault that the story names bit, and nothing is found."""
    telling = STORIES[name]
    judgement, events = judged(telling, tmp_path, reference_of(name), seed)
    assert judgement.verdict is Verdict.VALID, judgement.reasons or judgement.findings
    faults = [event for event in events if isinstance(event, Fault)]
    assert {fault.kind for fault in faults} == set(telling.STORY.kinds)
    assert all(fault.witness for fault in faults)
    notes = judgement.record.notes
    assert [note for note in notes if note.startswith("steady state before")]
    assert [note for note in notes if note.startswith("steady state after")]


@pytest.mark.in_turn(1)
@pytest.mark.parametrize(("name", "guard"), CAUGHT)
def test_a_planted_guard_is_caught(name: str, guard: str, tmp_path: Path, seed: int) -> None:
    """The guard breaks what it promises, and a checker that decides says so."""
    judgement, _ = judged(STORIES[name], tmp_path, guard, seed)
    assert judgement.verdict is Verdict.INVALID, judgement.reasons
    assert [found for found in judgement.findings if found.decides and found.verdict is Verdict.INVALID]


@pytest.mark.takes_long
@pytest.mark.in_turn(0)
@pytest.mark.parametrize(("name", "guard"), [(name, guard) for name, guard in CAUGHT if is_of_breakers(name)])
def test_the_twin_of_a_planted_breaker_holds(name: str, guard: str, tmp_path: Path, seed: int) -> None:
    """Without the bug nothing is found: time passes for real here, as it never does in an exploration."""
    judgement, _ = judged(STORIES[name], tmp_path, guard.replace("broken.", "twin."), seed)
    assert judgement.verdict is Verdict.VALID, judgement.reasons or judgement.findings


@pytest.mark.in_turn(2)
@pytest.mark.parametrize(("name", "kind"), STRUCK)
def test_a_fault_that_does_nothing_shows_nothing(
    name: str, kind: str, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its fault made a no-op the story is UNKNOWN, however well the guard behaved."""
    monkeypatch.setattr(import_module(f"harness.nemesis.{kind}"), "FAULT", without_strike(find(kind)))
    judgement, _ = judged(STORIES[name], tmp_path, reference_of(name), seed)
    assert judgement.verdict is Verdict.UNKNOWN
    assert any(kind in reason and "left no witness" in reason for reason in judgement.reasons)


@pytest.mark.in_turn(3)
@pytest.mark.parametrize(
    "name", ["script_flushed", "replies_lost", "kill_redis", "clock_jumps", "redis_out_of_memory"]
)
def test_a_fault_strikes_calls_under_way_however_late_this_process_is(
    name: str, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers that could answer meanwhile have answered after each delivery: those that are to be struck wait."""
    give = Stage.give

    def give_late(stage: Stage, worker: str, key: str, *, delivery: int = 0) -> int:
        op = give(stage, worker, key, delivery=delivery)
        stage.wait(_LATE_S, unless=lambda: stage.crew.is_idle)
        return op

    monkeypatch.setattr(Stage, "give", give_late)
    judgement, events = judged(STORIES[name], tmp_path, "reference", seed)
    assert judgement.verdict is Verdict.VALID, judgement.reasons or judgement.findings
    assert [event for event in events if isinstance(event, Fault)]


def test_a_race_that_did_not_happen_shows_nothing(tmp_path: Path, seed: int) -> None:
    """A story without a fault must show that calls of one key overlapped."""

    def play(stage: Stage) -> None:
        [key] = stage.orders(1)
        for worker in stage.story.worker_names[:2]:
            stage.give(worker, key)
            stage.until_idle()
        stage.redeliver()

    story = STORIES["concurrent_same_key"].STORY
    quiet = cast("Telling", SimpleNamespace(STORY=story, play=play))
    judgement, _ = judged(quiet, tmp_path, "reference", seed)
    assert judgement.verdict is Verdict.UNKNOWN
    assert any(reason.startswith("vacuous") for reason in judgement.reasons)


def test_a_guard_without_that_point_is_unknown(tmp_path: Path, seed: int) -> None:
    """A guard whose claim is one command cannot be cut off within it, and the reason says so."""
    judgement, _ = judged(STORIES["crash_at_p2"], tmp_path, "twin.lease_as_ttl", seed)
    assert judgement.verdict is Verdict.UNKNOWN
    assert any("1 commands before an effect" in reason for reason in judgement.reasons)


def test_every_story_is_listed_with_what_it_catches() -> None:
    """A story that is in the room is in the registry, under its own name, and names planted guards that there are."""
    folder = Path(registry.__file__).parent
    modules = [import_module(f"scenarios.{path.stem}") for path in folder.glob("*.py")]
    told = {module.STORY.name for module in modules if hasattr(module, "STORY")}
    assert told | {point.STORY.name for point in crash_points.POINTS} == STORIES.keys()
    for name, telling in STORIES.items():
        assert telling.STORY.name == name
        assert telling.STORY.catches
        assert {guard.removeprefix("broken.") for guard in telling.STORY.catches} <= PLANTED.keys()
        assert all(find(kind) for kind in telling.STORY.kinds)


def test_the_categories_have_stories() -> None:
    """What the first chaos suite named has stories, sixteen and more."""
    told = {telling.STORY.category for telling in STORIES.values()}
    assert told == set(Category)
    assert len(STORIES) >= 16
