"""What was hit is told in words that leave nothing out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reports.coverage_text import coverage_in_words
from reports.stored_run import write_verdict
from reports.summary import write_summary
from reports.tests.run_folders import TWICE_LINE, invalid_run, record, sound_history, write_part, write_run

if TYPE_CHECKING:
    from pathlib import Path


def _coverage(**said: Any) -> dict[str, Any]:
    whole = {
        "boundaries": 12,
        "boundaries_hit": 12,
        "kinds": ["a"] * 11,
        "world": 0,
        "world_hit": 0,
        "world_kinds": [],
        "possible": 90,
        "hit": 90,
        "not_hit": [],
        "nowhere": [],
    }
    return whole | said


def test_whole_coverage_is_two_figures() -> None:
    """Boundaries and kinds, and every pair that was possible."""
    assert coverage_in_words(_coverage()) == [
        "12 of 12 step boundaries x 11 kinds hit",
        "90 of 90 possible strikes seen",
    ]


def test_what_was_not_hit_is_named() -> None:
    """Some names are shown, and how many more there are."""
    said = coverage_in_words(_coverage(hit=87, not_hit=["a at 1 SET", "b at 1 SET", "c at 1 SET"]), most=2)
    assert said[-1] == "not hit: a at 1 SET, b at 1 SET and 1 more"
    assert coverage_in_words(_coverage(hit=87, not_hit=["a at 1 SET"]))[-1] == "not hit: a at 1 SET"


def test_kinds_of_the_world_and_kinds_without_a_place_are_told_apart() -> None:
    """A key that is evicted is no step, and a guard without scripts has nothing for NOSCRIPT."""
    said = coverage_in_words(_coverage(boundaries=0, world=1, world_hit=1, world_kinds=["evict"], nowhere=["n"]))
    assert said[0] == "1 of 1 key, store or clock x 1 kind hit"
    assert said[-1] == "nothing to strike for: n"


def test_exploration_without_faults_says_nothing() -> None:
    """Where nothing could strike there is nothing to tell."""
    assert coverage_in_words(_coverage(possible=0, hit=0)) == []


def test_summary_tells_the_coverage_of_each_subject(tmp_path: Path) -> None:
    """All names are in it, however many they are."""
    places = tuple(f"{at} SET" for at in range(1, 10))
    hits = {"effect_reply_lost": {"1 SET": 1}}
    said = record(hits=hits, applicable={"effect_reply_lost": places})
    write_part(tmp_path, said, [("same: w0", sound_history())])
    write_run(tmp_path)
    write_verdict(tmp_path)
    text = write_summary(tmp_path).read_text("utf-8")
    assert "## Where faults struck" in text
    assert "1 of 9 step boundaries x 1 kind hit; 1 of 9 possible strikes seen" in text
    assert all(
        f"effect\\_reply\\_lost at {place}" in text or f"effect_reply_lost at {place}" in text for place in places[1:]
    )


def test_summary_shows_what_shrinking_has_left(tmp_path: Path) -> None:
    """Only where nothing more can be taken out."""
    folder = invalid_run(tmp_path)
    write_verdict(folder)
    assert "nothing more can be taken out" not in write_summary(folder).read_text("utf-8")
    (stored,) = (folder / "schedules").glob("*.json")
    stored.write_text(stored.read_text("utf-8").replace('"is_smallest": false', '"is_smallest": true'), "utf-8")
    assert f"nothing more can be taken out: `{TWICE_LINE}`" in write_summary(folder).read_text("utf-8")
