"""A picture shows what happened in the order in which it happened, and carries nothing foreign."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from reports.picture import Picture, Row, draw, load_pictures
from reports.picture_svg import WIDTH as SVG_WIDTH
from reports.picture_svg import as_svg
from reports.picture_text import WIDTH, as_text
from reports.stored_history import mark_of
from reports.stored_run import judge_run
from reports.tests.run_folders import DIGEST, TWICE_LINE, TWICE_STEPS, invalid_run, twice_history
from verify.history.events import Complete, EffectCall, Event, Fault, Invoke, Landed, Phase, to_object
from verify.history.words import Outcome
from verify.run_layout import schedule_file

if TYPE_CHECKING:
    from pathlib import Path


def _schedule(**changes: Any) -> dict[str, Any]:
    said: dict[str, Any] = {
        "workload": "same",
        "decisions": TWICE_LINE.split()[1:],
        "taken": TWICE_LINE.split()[1:],
        "events": [to_object(event) for event in twice_history()],
        "finding": {"checker": "at_most_once", "sentence": "key k0 landed 2 times"},
        "steps": list(TWICE_STEPS),
    }
    return said | changes


def _drawn(events: list[Event] | None = None, **changes: Any) -> Picture:
    if events is not None:
        changes["events"] = [to_object(event) for event in events]
    picture = draw(_schedule(**changes))
    assert picture is not None
    return picture


def _step(process: str, name: str, outcome: str, fault: str = "") -> dict[str, Any]:
    return {"process": process, "name": name, "keys": ["k0"], "outcome": outcome, "fault": fault}


def test_the_second_effect_is_marked() -> None:
    """Of two effects of a key the first is done and the second is done again."""
    assert [row.effect for row in _drawn().rows if row.effect] == ["effect 1: done", "effect 2: DONE AGAIN"]


def test_a_second_effect_is_nothing_wrong_under_a_lock() -> None:
    """Mutual exclusion lets everyone in, one by one."""
    finding = {"checker": "mutual_exclusion", "sentence": "two were inside"}
    assert [row.effect for row in _drawn(finding=finding).rows if row.effect] == ["effect 1: done", "effect 2: done"]


def test_an_effect_with_another_payload_is_marked_as_one() -> None:
    """A conflict can be seen where it happened."""
    events = [
        event if not isinstance(event, Landed) or event.n == 1 else Landed(**_changed(event, payload="other"))
        for event in twice_history()
    ]
    assert "effect 2: OTHER PAYLOAD" in [row.effect for row in _drawn(events).rows]


def _changed(event: Landed, **changes: Any) -> dict[str, Any]:
    fields = ("key", "n", "payload", "effect_type", "process", "receipt")
    return {name: getattr(event, name) for name in fields} | changes


def test_a_fault_carries_its_witness_to_its_step() -> None:
    """What struck, and how it is known to have bitten, stand with the step that it struck."""
    (struck,) = [row for row in _drawn().rows if row.fault]
    assert (struck.process, struck.text, struck.fault) == ("w0", "effect", "effect_reply_lost")
    assert struck.witness == "the venue's book has the line, and the answer was kept"
    assert struck.arrives


def test_answers_follow_the_last_step_of_their_process() -> None:
    """A process answers after its steps and before those of the redelivery."""
    told = [(row.process, row.text) for row in _drawn().rows]
    assert told.index(("w0", "answers INDETERMINATE (EffectTimeout)")) == 2
    assert told[6] == ("", "delivered again from a fresh process, past the lease")
    assert told[-1] == ("r1", "answers OK")


@pytest.mark.parametrize("slept", [False, True])
def test_a_late_step_lands_where_it_was_decided(slept: bool) -> None:
    """The late command is drawn between the steps between which it landed; after a sleep, as soon as it may have."""
    steps = [_step("w0", "SET", "its time limit is raised", "late_request")]
    steps += [_step("w1", "GET", "nil"), _step("w1", "SET", "OK")]
    events: list[Event] = [
        Invoke(process="w0", op=1, key="k0", payload=DIGEST),
        Invoke(process="w1", op=2, key="k0", payload=DIGEST),
        Fault(kind="late_request", process="w0", at="w0 1 SET", witness="w"),
        Complete(process="w0", op=1, outcome=Outcome.INDETERMINATE),
        Fault(kind="late_request", process="w0", at="landed", witness="the server answered OK when it landed"),
        Complete(process="w1", op=2, outcome=Outcome.OK),
    ]
    decisions = ["w0!late_request", "w1", "late1", "w1", *(["w1"] if slept else [])]
    rows = _drawn(events, steps=steps, taken=decisions).rows
    told = [row.text for row in rows if not row.ends]
    expected = ["SET k0", "GET k0", "SET k0 lands late", "SET k0"]
    assert told == (["SET k0", "SET k0 lands late", "GET k0", "SET k0"] if slept else expected)


def test_a_late_effect_lands_at_the_venue() -> None:
    """An effect that lands after its process gave up has its own row, at the venue."""
    steps = [_step("w0", "effect", "its time limit is raised", "effect_late")]
    events: list[Event] = [
        Invoke(process="w0", op=1, key="k0", payload=DIGEST),
        EffectCall(process="w0", op=1, call=1, key="k0", payload=DIGEST),
        Fault(kind="effect_late", process="w0", at="w0 1 effect", witness="w"),
        Landed(key="k0", n=1, payload=DIGEST, effect_type="order", process="w0"),
        Fault(kind="effect_late", process="w0", at="landed", witness="the venue's book has its line now"),
    ]
    rows = _drawn(events, steps=steps, taken=["w0!effect_late", "late1"]).rows
    assert [(row.is_late, row.effect, row.arrives) for row in rows] == [
        (False, "", False),
        (True, "effect 1: done", True),
    ]


def test_a_jump_of_time_divides_the_picture() -> None:
    """Time passes for everybody."""
    steps = [
        _step("w0", "SET", "OK"),
        {"process": "", "name": "time", "keys": [], "outcome": "time jumps by 31 s", "fault": "advance"},
    ]
    events: list[Event] = [
        Phase(name="workload"),
        Invoke(process="w0", op=1, key="k0", payload=DIGEST),
        Fault(kind="advance", at="time", witness="the server's TIME moved by 31 s"),
    ]
    picture = _drawn(events, steps=steps, taken=["w0", "advance"])
    assert picture.rows[-1].is_phase
    for drawn in (as_text(picture), as_svg(picture)):
        assert "time jumps by 31 s (advance)" in drawn
        assert "witness: the server's TIME moved by 31 s" in drawn


def test_a_step_that_never_left_its_process_does_not_arrive() -> None:
    """The server was gone when the client looked at its connection."""
    lost = _step("w0", "SET", "no connection") | {"unsent": True}
    picture = _drawn([], steps=[_step("w0", "GET", "nil"), lost])
    assert [row.arrives for row in picture.rows] == [True, False]
    assert "-x|" in as_text(picture)
    assert as_svg(picture).count('<path class="tip"') == 1


def test_a_zombie_comes_back_behind_its_phase() -> None:
    """Its first command leaves no event, and is drawn where it was taken."""
    steps = [_step("w0", "SET", "it stops", "pause") | {"phase": 1}, _step("w0", "SET", "OK") | {"phase": 2}]
    events: list[Event] = [
        Phase(name="workload"),
        Invoke(process="w0", op=1, key="k0", payload=DIGEST),
        Fault(kind="pause", process="w0", at="w0 1 SET", witness="w"),
        Phase(name="zombie"),
        Complete(process="w0", op=1, outcome=Outcome.OK),
    ]
    told = [row.text for row in _drawn(events, steps=steps).rows]
    assert told == ["SET k0", "what was paused or late comes back", "SET k0", "answers OK"]


def test_long_keys_lose_their_middle() -> None:
    """Of a key its beginning and its end are read, and of many keys the first."""
    long, many = _step("w0", "GET", "nil"), _step("w0", "EVAL", "1")
    rows = _drawn(
        [],
        steps=[long | {"keys": ["shop:orders:default:1:k0"]}, many | {"keys": ["a", "b", "c"]}],
    ).rows
    assert [row.text for row in rows] == ["GET shop..ault:1:k0", "EVAL a +2 keys"]


@pytest.mark.parametrize(
    ("changes", "remark"),
    [
        ({"is_smallest": False}, ""),
        (
            {"is_smallest": True, "explored": ["w0"] * 9},
            "5 of 9 explored decisions are left; nothing more can be taken out",
        ),
        (
            {"is_smallest": True, "explored": ["w0"] * 9, "decisions": []},
            "none of the 9 explored decisions is needed",
        ),
    ],
)
def test_a_picture_says_what_shrinking_has_left(changes: dict[str, Any], remark: str) -> None:
    """A reader knows whether there is anything in it that does not matter."""
    picture = _drawn(**changes)
    assert picture.remark == remark
    assert remark in as_text(picture)
    assert remark in as_svg(picture)


def test_a_picture_without_a_history_shows_the_steps_alone() -> None:
    """What nobody recorded is left out, not invented."""
    rows = _drawn([]).rows
    assert len(rows) == len(TWICE_STEPS)
    assert not any(row.effect for row in rows)


@pytest.mark.parametrize("steps", [[], None, "x", [1], [{"process": "w0"}]])
def test_a_schedule_without_steps_has_no_picture(steps: Any) -> None:
    """A schedule that was never run with its steps recorded cannot be drawn."""
    assert draw(_schedule(steps=steps)) is None


@pytest.mark.parametrize("at", range(len(twice_history())))
def test_a_history_with_a_hole_is_still_drawn(at: int) -> None:
    """A picture decides nothing, so a missing event costs a detail and not the picture."""
    events = twice_history()
    del events[at]
    picture = _drawn(events)
    assert len([row for row in picture.rows if row.target]) >= len(TWICE_STEPS)
    ET.fromstring(as_svg(picture))  # noqa: S314 - the test reads what it has just drawn


def _found(folder: Path) -> dict[str, Any]:
    """Return what at_most_once says of a run with two effects."""
    findings: list[dict[str, Any]] = judge_run(invalid_run(folder))["findings"]
    return next(finding for finding in findings if finding["checker"] == "at_most_once")


def test_pictures_are_loaded_from_a_part(tmp_path: Path) -> None:
    """The stored schedule of a finding gives its picture, headed by what it says; what is not stored gives none."""
    found = _found(tmp_path)
    twice, missing = load_pictures(tmp_path, [found, {**found, "checker": "nothing_lost"}])
    assert twice is not None
    assert any(row.is_again for row in twice.rows)
    assert as_text(twice).startswith("at_most_once: two effects of key k0")
    assert missing is None


def test_events_that_cannot_be_read_leave_a_bare_picture() -> None:
    """A schedule file that somebody has changed is drawn by its steps."""
    for events in ([1], [{"event": "no such"}], "x", None):
        picture = draw(_schedule(events=events))
        assert picture is not None
        assert not any(row.effect for row in picture.rows)


def test_a_schedule_file_that_is_cut_off_gives_no_picture(tmp_path: Path) -> None:
    """Half a file is no picture, and no crash."""
    found = _found(tmp_path)
    path = tmp_path / schedule_file(mark_of(found))
    path.write_bytes(path.read_bytes()[:-9])
    assert load_pictures(tmp_path, [found]) == [None]


def _crowded(processes: int) -> Picture:
    steps = [_step(f"r{at}", "GET", "a very long answer " * 9) for at in range(processes)]
    steps.append(_step("r0", "effect", "dead", "crash_after") | {"keys": ["k" * 300]})
    return _drawn([], steps=steps, finding={"checker": "c" * 40, "sentence": "x" * 400})


@pytest.mark.parametrize("processes", [1, 2, 8, 9, 30])
def test_a_picture_keeps_its_width(processes: int) -> None:
    """100 columns and 1000 pixels, however many processes there are and however long their names."""
    picture = _crowded(processes)
    assert max(map(len, as_text(picture).splitlines())) <= WIDTH
    root = ET.fromstring(as_svg(picture))  # noqa: S314 - the test reads what it has just drawn
    assert int(root.get("width", "0")) <= SVG_WIDTH


def test_an_svg_holds_no_script_and_points_nowhere() -> None:
    """It is safe to open and complete without a network, whatever the keys are called."""
    hostile = '<script>alert("x")</script>&\x00 url(http://x) href="http://x"'
    steps = [_step("w0", hostile, hostile), _step('w"1', "GET", "nil")]
    svg = as_svg(_drawn([], steps=steps, finding={"checker": hostile, "sentence": hostile}))
    root = ET.fromstring(svg)  # noqa: S314 - the test reads what it has just drawn
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags <= {"svg", "title", "style", "rect", "text", "line", "circle", "path"}
    style = next(element.text or "" for element in root.iter() if element.tag.endswith("style"))
    assert "url" not in style
    assert "@import" not in style
    assert "prefers-color-scheme:dark" in style
    allowed = {
        "role",
        "width",
        "height",
        "viewBox",
        "class",
        "x",
        "y",
        "x1",
        "x2",
        "y1",
        "y2",
        "cx",
        "cy",
        "r",
        "rx",
        "d",
    }
    assert {name for element in root.iter() for name in element.attrib} <= allowed


def test_every_class_of_the_svg_has_a_look_in_both_schemes() -> None:
    """Nothing is drawn in a colour that only one ground can bear."""
    svg = as_svg(_drawn())
    light, _, dark = svg.partition("@media")
    used = {name for names in re.findall(r'class="([^"]*)"', svg) for name in names.split()}
    inherited = {"", "head", "title", "strong"}
    for name in used - inherited:
        assert re.search(rf"\.{name}[,{{]", light)
        assert re.search(rf"\.{name}[,{{]", dark)


def test_a_row_that_nobody_answers_for_is_not_an_effect() -> None:
    """An effect is what the venue's book holds; a receipt in a step is only what a process was told."""
    assert Row(process="w0", text="effect", target="venue", outcome="receipt").effect == ""
