"""Stories on the command line: one alone, of anybody's guard, and what is said where one cannot be told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from stormproof.parts import parts_of, wanted
from stormproof.tests.running import run

if TYPE_CHECKING:
    from pathlib import Path


def test_one_story_is_told_alone(tmp_path: Path) -> None:
    """A story that is named is the only part, and the guard of a user's file is judged by it."""
    guard = tmp_path / "guard.py"
    guard.write_text(
        "def make(redis_url, lease_s):\n    return lambda key, payload, effect: effect(payload)\n", "utf-8"
    )
    said = run(tmp_path, "campaign", "--only", "crash_at_p5", "--subject", "guard.py:make", "--out", "run")
    assert said.code == 1
    stored = json.loads((tmp_path / "run" / "run.json").read_text("utf-8"))
    assert [part["name"] for part in stored["parts"]] == [
        "crash_at_p5, guard.py:make",
        "demotion of at_most_once, 2 workers, 1 fault",
    ]


def test_a_story_that_cannot_be_told_leaves_the_others_alone(tmp_path: Path) -> None:
    """Of a guard that never executes no story can be told; each says so, and the run is UNKNOWN."""
    words = ("--only", "crash_at_p8", "--only", "kill_redis", "--subject", "broken.never_executes")
    said = run(tmp_path, "campaign", *words, "--out", "run")
    assert said.code == 3
    left_out = json.loads((tmp_path / "run" / "run.json").read_text("utf-8"))["not_run"]
    assert {part["name"].partition(",")[0] for part in left_out} == {"crash_at_p8", "kill_redis"}
    assert all("the steady state does not hold before anything is hurt" in part["why"] for part in left_out)


def test_no_story_is_told_of_a_retry_policy() -> None:
    """A story waits for no cooldown: what it would show is that a policy refuses."""
    asked = wanted(profile="smoke", tiers=["scenarios"], only=[], subjects=["retry_policy", "retry_guard"])
    told_of = {part.subject.name for part in parts_of(asked, seed=1)}
    assert told_of == {"retry_guard"}
