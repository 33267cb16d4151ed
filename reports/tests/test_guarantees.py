"""The guarantee sheet says of each claim what was shown, and of the run what was not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from reports.guarantee_sheet import render_guarantees, write_guarantees
from reports.guarantees import CLAIMS, guarantees_of, not_shown
from reports.judged_run import load_judged
from reports.stored_run import write_verdict
from reports.tests.run_folders import (
    SOUND_LINE,
    TWICE_LINE,
    campaign_run,
    invalid_run,
    record,
    sound_history,
    twice_history,
    unknown_run,
    valid_run,
    write_part,
    write_run,
)
from verify.assumptions import ASSUMED, RESTS_ON
from verify.history.promises import DEFAULT_PROMISE, PROMISED, Promise
from verify.history.words import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _shown(build: Callable[[Path], Path], folder: Path) -> dict[str, Verdict]:
    write_verdict(build(folder))
    return {each.checker: each.verdict for each in guarantees_of(load_judged(folder))}


def test_every_claim_of_the_promise_is_shown(tmp_path: Path) -> None:
    """None is left out, and each says on what it rests."""
    shown = _shown(valid_run, tmp_path)
    assert shown == dict.fromkeys(PROMISED[DEFAULT_PROMISE], Verdict.VALID)
    text = write_guarantees(tmp_path).read_text(encoding="utf-8")
    for checker in shown:
        assert CLAIMS[checker] in text
        for assumption in RESTS_ON[checker]:
            assert f"| {assumption} |" in text


def test_the_broken_claim_alone_is_invalid(tmp_path: Path) -> None:
    """What else was promised was kept, in the same schedules."""
    shown = _shown(invalid_run, tmp_path)
    assert {checker for checker, verdict in shown.items() if verdict is not Verdict.VALID} == {"at_most_once"}
    assert "at\\_most\\_once" in render_guarantees(load_judged(tmp_path)).replace("at_most_once", "at\\_most\\_once")
    assert "Broken by:" in render_guarantees(load_judged(tmp_path))


def test_no_claim_of_an_unfinished_part_is_shown(tmp_path: Path) -> None:
    """What a part did not come to may be what would have broken it."""
    assert set(_shown(unknown_run, tmp_path).values()) == {Verdict.UNKNOWN}
    assert "the budget of 60 s is spent" in render_guarantees(load_judged(tmp_path))


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"interrupted": True}, "the run was interrupted"),
        ({"not_run": [{"name": "storm", "why": "no time", "decides": True}]}, "storm was not run: no time"),
    ],
)
def test_what_the_run_did_not_come_to_leaves_every_claim_open(said: dict[str, Any], why: str, tmp_path: Path) -> None:
    """Its parts are VALID, and the run is not."""
    write_verdict(campaign_run(tmp_path, **said))
    judged = load_judged(tmp_path)
    assert {each.verdict for each in guarantees_of(judged)} == {Verdict.UNKNOWN}
    assert why in list(not_shown(judged))


def test_a_blind_instrument_leaves_every_claim_open(tmp_path: Path) -> None:
    """Who misses a planted guard may have missed more; the sheet names it."""
    write_verdict(campaign_run(tmp_path, expected={"verdict": "INVALID", "checker": "conflict"}))
    judged = load_judged(tmp_path)
    assert {each.verdict for each in guarantees_of(judged)} == {Verdict.UNKNOWN}
    missed = {each.checker: each.missed for each in guarantees_of(judged)}
    assert missed["conflict"] == ("planted get_then_set",)
    assert any("the instrument is blind" in each for each in not_shown(judged))


def test_a_claim_names_the_planted_guards_that_its_check_caught(tmp_path: Path) -> None:
    """A check that was never seen to fail shows little."""
    write_verdict(campaign_run(tmp_path))
    caught = {each.checker: each.caught for each in guarantees_of(load_judged(tmp_path))}
    assert caught["at_most_once"] == ("planted get_then_set",)
    assert caught["conflict"] == ()


def test_parts_add_up_and_the_worst_decides(tmp_path: Path) -> None:
    """Two parts of one promise: their schedules are counted together, and one broken is enough."""
    write_part(tmp_path / "parts" / "one", record(name="one"), [(SOUND_LINE, sound_history())])
    histories = [(SOUND_LINE, sound_history()), (TWICE_LINE, twice_history())]
    write_part(tmp_path / "parts" / "two", record(name="two", schedules=2, classes=2), histories)
    parts = [
        {"name": name, "folder": f"parts/{name}", "role": "subject", "expected": None} for name in ("one", "two")
    ]
    write_run(tmp_path, kind="campaign", parts=parts)
    write_verdict(tmp_path)
    (broken,) = [each for each in guarantees_of(load_judged(tmp_path)) if each.checker == "at_most_once"]
    assert (broken.verdict, broken.schedules, len(broken.shown)) == (Verdict.INVALID, 3, 2)


def test_what_is_outside_and_beyond_the_bound_was_not_shown(tmp_path: Path) -> None:
    """The sheet ends with what nobody may read into it."""
    invalid_run(tmp_path)
    said = record(schedules=2, classes=2, outside={"effect_reply_lost": "the venue answers twice"})
    (tmp_path / "exploration.json").write_text(json.dumps(said.to_object()), encoding="utf-8")
    write_verdict(tmp_path)
    said_not = list(not_shown(load_judged(tmp_path)))
    assert "explore shop: effect_reply_lost is outside the promise: the venue answers twice" in said_not
    assert "explore shop: nothing beyond its bound, 2 workers, up to 1 fault of 1 kind" in said_not


def test_every_promised_claim_rests_on_known_assumptions() -> None:
    """No claim of any promise is printed without its assumptions, and none names one that is not explained."""
    assert RESTS_ON.keys() == frozenset().union(*(PROMISED[promise] for promise in Promise))
    assert {name for names in RESTS_ON.values() for name in names} <= ASSUMED.keys()
