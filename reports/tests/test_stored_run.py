"""A stored run is judged the same way twice, and nothing damaged is ever called VALID."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from reports import stored_run
from reports.stored_run import StoredRunError, judge_part, judge_run, load_run, write_verdict
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
from verify.history.events import Event, Fault
from verify.run_layout import EXPLORED, HISTORY, RECORD, RUN, VERDICT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _lines(folder: Path) -> list[str]:
    return (folder / HISTORY).read_text(encoding="utf-8").splitlines(keepends=True)


@pytest.mark.parametrize(
    ("build", "verdict"), [(valid_run, "VALID"), (invalid_run, "INVALID"), (unknown_run, "UNKNOWN")]
)
def test_a_run_is_judged_by_its_histories(build: Callable[[Path], Path], verdict: str, tmp_path: Path) -> None:
    """The three verdicts come from what is stored."""
    assert judge_run(build(tmp_path))["verdict"] == verdict


@pytest.mark.parametrize("build", [valid_run, invalid_run, unknown_run, campaign_run])
def test_judging_again_gives_the_same_bytes(build: Callable[[Path], Path], tmp_path: Path) -> None:
    """A second judgement of a folder leaves every verdict.json as it was."""
    write_verdict(build(tmp_path))
    first = {path: path.read_bytes() for path in tmp_path.rglob(VERDICT)}
    write_verdict(tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.rglob(VERDICT)} == first
    assert first


def test_what_was_judged_before_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It gives the same bytes as if it was: a long history is gone through once."""
    folder = campaign_run(tmp_path)
    write_verdict(folder)
    read = {path: path.read_bytes() for path in tmp_path.rglob(VERDICT)}
    judged = {part.name: judge_part(folder, part.name) for part in load_run(folder).parts}
    monkeypatch.setattr(stored_run, "HistoryReader", None)
    write_verdict(folder, judged)
    assert {path: path.read_bytes() for path in tmp_path.rglob(VERDICT)} == read


def test_a_run_that_was_moved_gives_the_same_bytes(tmp_path: Path) -> None:
    """A verdict does not depend on where the folder lies."""
    here, there = tmp_path / "here", tmp_path / "there"
    write_verdict(invalid_run(here))
    here_bytes = (here / VERDICT).read_bytes()
    here.rename(there)
    write_verdict(there)
    assert (there / VERDICT).read_bytes() == here_bytes


_ALTERATIONS: dict[str, Callable[[dict[str, Any]], dict[str, Any] | None]] = {
    "removed": lambda _: None,
    "n": lambda line: line | {"n": line["n"] + 1},
    "payload": lambda line: line | {"payload": "0000000000000000"},
    "process": lambda line: line | {"process": "w9"},
    "key": lambda line: line | {"key": "k9"},
    "receipt": lambda line: line | {"receipt": "{}"},
    "effect_type": lambda line: line | {"effect_type": "ledger"},
    "fence": lambda line: line | {"fence": 1},
    "at_ns": lambda line: line | {"at_ns": 1},
}


@pytest.mark.parametrize("what", _ALTERATIONS)
@pytest.mark.parametrize("build", [valid_run, invalid_run])
def test_an_altered_book_line_leads_to_another_verdict(
    build: Callable[[Path], Path], what: str, tmp_path: Path
) -> None:
    """Nobody changes the venue's book in any line and keeps the verdict."""
    folder = build(tmp_path)
    write_verdict(folder)
    before, lines = (folder / VERDICT).read_bytes(), _lines(folder)
    for at in [at for at, line in enumerate(lines) if '"landed"' in line]:
        altered = _ALTERATIONS[what](json.loads(lines[at]))
        line = "" if altered is None else json.dumps(altered) + "\n"
        (folder / HISTORY).write_text("".join([*lines[:at], line, *lines[at + 1 :]]), encoding="utf-8")
        write_verdict(folder)
        assert (folder / VERDICT).read_bytes() != before


@pytest.mark.parametrize("what", ["removed", "n", "payload", "process", "key", "effect_type"])
def test_a_falsified_book_is_never_valid(what: str, tmp_path: Path) -> None:
    """A book that its callers cannot explain takes the verdict VALID away."""
    folder = valid_run(tmp_path)
    lines = _lines(folder)
    at = next(at for at, line in enumerate(lines) if '"landed"' in line)
    altered = _ALTERATIONS[what](json.loads(lines[at]))
    lines[at] = "" if altered is None else json.dumps(altered) + "\n"
    (folder / HISTORY).write_text("".join(lines), encoding="utf-8")
    assert judge_run(folder)["verdict"] != "VALID"


@pytest.mark.parametrize(
    "line",
    [
        "not JSON\n",
        '{"history":1,"event":"landed"\n',
        '{"history":1,"event":"vanished"}\n',
        '{"history":1,"event":"phase","name":"x","more":1}\n',
        '{"history":0,"event":"phase","name":"x"}\n',
        '{"event":"phase","name":"x"}\n',
        "[1]\n",
        "\n",
    ],
)
@pytest.mark.parametrize("place", [0, 3, -1])
def test_a_damaged_line_makes_its_history_unknown(line: str, place: int, tmp_path: Path) -> None:
    """A line that is no event is neither a crash nor an innocent history."""
    folder = valid_run(tmp_path)
    lines = _lines(folder)
    at = place if place >= 0 else len(lines)
    (folder / HISTORY).write_text("".join([*lines[:at], line, *lines[at:]]), encoding="utf-8")
    verdict = judge_run(folder)
    assert verdict["verdict"] == "UNKNOWN"
    assert any(f"line {at + 1} of history.jsonl" in reason for reason in verdict["reasons"])


def test_a_file_of_nothing_but_damage_is_unknown(tmp_path: Path) -> None:
    """Nothing readable is nothing shown."""
    folder = valid_run(tmp_path)
    (folder / HISTORY).write_text("?\n", encoding="utf-8")
    assert judge_run(folder)["verdict"] == "UNKNOWN"


def test_damage_between_two_histories_is_not_read_as_a_lost_effect(tmp_path: Path) -> None:
    """A line of which nobody knows whose it is makes both neighbours unreadable, not one of them guilty."""
    write_part(
        tmp_path,
        record(schedules=2, classes=2),
        [(SOUND_LINE, sound_history()), ("same: w1 w1 w0 w0", sound_history())],
    )
    write_run(tmp_path)
    lines = _lines(tmp_path)
    lines[10] = "torn\n"
    (tmp_path / HISTORY).write_text("".join(lines), encoding="utf-8")
    findings = judge_run(tmp_path)["findings"]
    assert [(found["checker"], found["verdict"], found["histories"]) for found in findings] == [
        ("record", "UNKNOWN", 2)
    ]


def test_a_history_in_two_places_is_unknown(tmp_path: Path) -> None:
    """Lines of one history stand together; more of it elsewhere was put there by somebody."""
    folder = valid_run(tmp_path)
    other = [line.replace('"history":1', '"history":2') for line in _lines(folder)]
    (folder / HISTORY).write_text("".join([*_lines(folder), *other, *_lines(folder)]), encoding="utf-8")
    verdict = judge_run(folder)
    assert verdict["verdict"] == "UNKNOWN"
    assert any("stands in two places" in reason for reason in verdict["reasons"])


@pytest.mark.parametrize(
    ("explored", "reason"),
    [
        ("", "no schedule of schedules/explored.tsv gave history 1"),
        (f"1\tmany\t{SOUND_LINE}\n", "line 1 of schedules/explored.tsv is no schedule"),
        (f"1\t0\t{SOUND_LINE}\n2\t0\t{TWICE_LINE}\n", "names history 2, which is not stored"),
    ],
)
def test_histories_and_schedules_must_agree(explored: str, reason: str, tmp_path: Path) -> None:
    """A history without a schedule, or a schedule without a history, is a hole in the record."""
    folder = valid_run(tmp_path)
    (folder / EXPLORED).write_text(explored, encoding="utf-8")
    verdict = judge_run(folder)
    assert verdict["verdict"] == "UNKNOWN"
    assert any(reason in each for each in verdict["reasons"])


def test_schedules_that_were_counted_and_not_stored_are_unknown(tmp_path: Path) -> None:
    """A record cannot claim more schedules than it can name."""
    write_part(tmp_path, record(schedules=9), [(SOUND_LINE, sound_history())])
    write_run(tmp_path)
    assert any("9 schedules, but 1 are stored" in reason for reason in judge_run(tmp_path)["reasons"])


def test_the_simplest_schedule_of_a_history_shows_it(tmp_path: Path) -> None:
    """Fewest faults, then fewest preemptions, then the shortest line: that one is replayed."""
    folder = invalid_run(tmp_path)
    longer = [
        "2\t0\tsame: w0!crash_after w0!effect_reply_lost w1 r1\n",
        "2\t3\tsame: w0!effect_reply_lost w1 r1\n",
        "2\t0\tsame: w0 w0!effect_reply_lost w1 w1 w1 r1\n",
    ]
    (folder / EXPLORED).write_text(f"1\t0\t{SOUND_LINE}\n{''.join(longer)}2\t0\t{TWICE_LINE}\n", encoding="utf-8")
    finding = judge_run(folder)["findings"][0]
    assert finding["schedule"] == TWICE_LINE
    assert finding["faults"] == ["effect_reply_lost"]
    assert finding["schedules"] == 4


def test_a_replay_line_names_the_folder_as_the_user_did(tmp_path: Path) -> None:
    """The line can be pasted where the run was started, whatever the folder is called."""
    write_run(invalid_run(tmp_path), folder="my runs/one")
    finding = judge_run(tmp_path)["findings"][0]
    assert finding["replay"].startswith("stormproof replay 'my runs/one/schedules/")
    assert finding["replay"].endswith(".json'")


def test_a_story_has_no_replay_line(tmp_path: Path) -> None:
    """It has no schedule: a line would name a file that nobody wrote."""
    write_part(tmp_path, record(tier="scenarios"), [("story", twice_history())])
    write_run(tmp_path)
    findings = judge_run(tmp_path)["findings"]
    assert findings
    assert {finding["replay"] for finding in findings} == {""}


def test_an_interrupted_run_is_unknown(tmp_path: Path) -> None:
    """What was stopped has not shown what it set out to show."""
    folder = valid_run(tmp_path)
    write_run(folder, interrupted=True)
    verdict = judge_run(folder)
    assert verdict["verdict"] == "UNKNOWN"
    assert "interrupted" in verdict["reasons"]


def test_an_interruption_does_not_excuse_a_broken_promise(tmp_path: Path) -> None:
    """A violation that was seen stays one."""
    verdict = judge_run(invalid_run(tmp_path, interrupted=True))
    assert verdict["verdict"] == "INVALID"
    assert "interrupted" in verdict["reasons"]


def test_a_campaign_is_what_its_parts_are(tmp_path: Path) -> None:
    """A planted guard that is caught makes the instrument row ok and leaves the verdict to the subject."""
    verdict = write_verdict(campaign_run(tmp_path))
    assert verdict["parts"] == [{"name": "explore shop", "verdict": "VALID"}]
    assert [row["ok"] for row in verdict["instrument"]] == [True]
    assert verdict["verdict"] == "VALID"
    assert verdict["not_run"] == [{"name": "storm", "why": "it was left out with --only"}]
    stored = json.loads((tmp_path / "parts" / "planted" / VERDICT).read_bytes())
    assert stored["verdict"] == "INVALID"
    assert stored["findings"][0]["replay"].startswith(
        "stormproof replay stormproof-runs/one/parts/planted/schedules/"
    )


def test_a_blind_instrument_makes_a_campaign_unknown(tmp_path: Path) -> None:
    """A planted guard that nobody caught, or a twin that was accused, leaves nothing shown."""
    assert judge_run(campaign_run(tmp_path, expected="VALID"))["verdict"] == "UNKNOWN"


def test_an_interrupted_campaign_is_unknown(tmp_path: Path) -> None:
    """Parts that are whole do not make a campaign whole."""
    verdict = judge_run(campaign_run(tmp_path, interrupted=True))
    assert (verdict["verdict"], verdict["reasons"]) == ("UNKNOWN", ["interrupted"])


def test_a_selftest_is_valid_when_the_instrument_sees(tmp_path: Path) -> None:
    """A self-test has no subject, and needs none."""
    folder = campaign_run(tmp_path)
    parts = json.loads((folder / RUN).read_bytes())["parts"]
    write_run(folder, kind="selftest", parts=parts[:1])
    assert judge_run(folder)["verdict"] == "VALID"
    blind = [parts[0] | {"expected": "VALID"}]
    write_run(folder, kind="selftest", parts=blind)
    assert judge_run(folder)["verdict"] == "INVALID"


def test_a_story_takes_its_faults_from_its_history(tmp_path: Path) -> None:
    """A story has no decisions; the faults that its history records are named with its finding."""
    struck: list[Event] = [
        *twice_history(),
        Fault(kind="effect_reply_lost", process="w0", at="landed", witness="the same fault, landing"),
    ]
    write_part(tmp_path, record(tier="scenarios"), [("story: ", struck)])
    write_run(tmp_path)
    assert judge_run(tmp_path)["findings"][0]["faults"] == ["effect_reply_lost"]


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-4])


def _record_without_seed(folder: Path) -> None:
    said = record().to_object()
    del said["seed"]
    (folder / RECORD).write_text(json.dumps(said), encoding="utf-8")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda folder: (folder / RUN).unlink(), "run.json"),
        (lambda folder: _cut(folder / RUN), "run.json is no whole JSON file"),
        (lambda folder: (folder / RUN).write_text("[]", encoding="utf-8"), "JSON object"),
        (lambda folder: write_run(folder, schema=2), "schema 2"),
        (lambda folder: write_run(folder, kind="dream"), "'dream'"),
        (lambda folder: write_run(folder, parts=[]), "one part"),
        (lambda folder: write_run(folder, parts=[{"name": "x"}]), "a part needs"),
        (lambda folder: write_run(folder, not_run=["x"]), "not_run"),
        (lambda folder: write_run(folder, interrupted="no"), "interrupted"),
        (lambda folder: _cut(folder / HISTORY), "history.jsonl is cut off"),
        (lambda folder: (folder / HISTORY).unlink(), "history.jsonl"),
        (lambda folder: _cut(folder / EXPLORED), "explored.tsv is cut off"),
        (lambda folder: _cut(folder / RECORD), "exploration.json is no whole JSON file"),
        (_record_without_seed, "lacks seed"),
    ],
)
def test_a_folder_that_cannot_be_judged_says_why_in_one_line(
    damage: Callable[[Path], object], said: str, tmp_path: Path
) -> None:
    """Missing, cut off and malformed files are refused with exit code 2, not judged in part."""
    folder = valid_run(tmp_path)
    damage(folder)
    with pytest.raises(StoredRunError) as refused:
        load_run(folder)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("place", ["/etc", "../other", "parts/../../other"])
def test_a_part_outside_the_run_folder_is_refused(place: str, tmp_path: Path) -> None:
    """A run folder speaks for what is in it, and for nothing else on the machine."""
    folder = valid_run(tmp_path)
    write_run(folder, parts=[{"name": "x", "folder": place, "role": "subject", "expected": None}])
    with pytest.raises(StoredRunError, match="outside the run folder"):
        load_run(folder)


@pytest.mark.parametrize("expected", ["INVALID", {"verdict": "INVALID"}, {"verdict": "UNKNOWN", "checker": "x"}, 1])
def test_an_expectation_that_nobody_can_check_is_refused(expected: Any, tmp_path: Path) -> None:
    """A planted guard must name the checker that catches it."""
    with pytest.raises(StoredRunError, match="expects"):
        load_run(campaign_run(tmp_path, expected=expected))


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    """A wrong path is said to be one."""
    with pytest.raises(StoredRunError, match="there is no run folder"):
        load_run(tmp_path / "nowhere")
