"""The kill matrix says of each claim whether it was kept, and of each sound guard whether it was accused."""

from __future__ import annotations

from typing import Any

from verify.history.kill_matrix import is_blind, kill_matrix


def verdict(
    name: str, *found: str, tier: str = "explore", schedules: int = 10, word: str = "", outside: str = ""
) -> dict[str, Any]:
    """Return the verdict of one check, with findings of the checkers *found*."""
    findings = [{"checker": checker, "promised": True, "outside": outside, "verdict": "INVALID"} for checker in found]
    said = word or ("INVALID" if found and not outside else "VALID")
    return {
        "name": name,
        "subject": name,
        "tier": tier,
        "verdict": said,
        "schedules": schedules,
        "findings": findings,
    }


def test_a_claim_is_kept_by_its_own_checker_alone() -> None:
    """Whoever else finds something, the checker that must catch a guard has missed it."""
    own = verdict("broken.a", "at_most_once", "conflict")
    other = verdict("broken.b", "conflict", tier="storm")
    matrix = kill_matrix([(own, "at_most_once"), (other, "at_most_once")])
    assert [(each["guard"], each["tier"], each["seen"]) for each in matrix["claims"]] == [
        ("a", "explore", "caught"),
        ("b", "storm", "missed"),
    ]
    assert matrix["claims"][0]["caught_by"] == ["at_most_once", "conflict"]
    assert matrix["missed"] == ["broken.b"]
    assert is_blind(matrix)


def test_what_was_not_shown_is_neither_missed_nor_a_false_alarm() -> None:
    """A story whose fault did not bite says nothing about the instrument's eyes."""
    claimed, sound = verdict("broken.a", word="UNKNOWN"), verdict("twin.a", word="UNKNOWN")
    matrix = kill_matrix([(claimed, "at_most_once"), (sound, None)])
    assert (matrix["missed"], matrix["false_alarms"]) == ([], [])
    assert matrix["not_shown"] == ["broken.a", "twin.a"]
    assert not is_blind(matrix)


def test_a_sound_guard_that_is_accused_is_a_false_alarm() -> None:
    """What lies outside its promise accuses nobody."""
    outside = verdict("twin.a", "at_most_once", outside="a reason")
    matrix = kill_matrix([(outside, None), (verdict("twin.b", "conflict"), None)])
    assert matrix["false_alarms"] == ["twin.b"]
    assert is_blind(matrix)


def test_schedules_of_sound_guards_are_counted() -> None:
    """Neither those of planted guards, nor stories and storms, whose histories are no schedules."""
    matrix = kill_matrix(
        [
            (verdict("broken.a", "conflict", schedules=1000), "conflict"),
            (verdict("twin.a", schedules=20), None),
            (verdict("twin.b", tier="properties", schedules=3), None),
            (verdict("reference", tier="storm", schedules=500), None),
        ]
    )
    assert matrix["sound"] == {"parts": 3, "schedules": 23}
