"""Generated claims as a user runs them: what breaks is shown as small as it can be, and the seed draws it again."""

from __future__ import annotations

import html
import json
import re
import shlex
import sys
from typing import TYPE_CHECKING

import pytest
import typer

from harness.explorer.tests.exploring import NEEDS_CLOCK
from harness.redis_server.choice import parse_choice
from properties.registry import CLAIMS
from stormproof import campaigning
from stormproof.documents import ROOT
from stormproof.parts import Drawing, parts_of, properties, wanted
from stormproof.tests.pytest_runs import run_pytest
from stormproof.tests.running import run

if TYPE_CHECKING:
    from pathlib import Path

GUARD = """\
import redis


def make(redis_url, lease_s):
    client = redis.Redis.from_url(redis_url)

    def guard(key, payload, effect):
        if client.set(key, "taken", nx=True):
            return effect(payload)
        raise RuntimeError("somebody else has it")

    return guard
"""
CALM = ("--kinds", "crash_after,effect_lost,reply_lost")
PART = "parts/properties-guard.py-make"
DRAWN = f"{PART}/properties.json"


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Draw trials of a guard that never answers twice; return the folder in which it was done."""
    folder = tmp_path_factory.mktemp("properties")
    (folder / "guard.py").write_text(GUARD, "utf-8")
    words = ("--subject", "guard.py:make", "--profile", "dev", "--chaos-seed", "11", *CALM)
    said = run(folder, "properties", *words, "--out", "run")
    assert said.code == 1, said.out + said.err
    return folder


def test_smallest_trial_seed_and_command_stand_in_every_report(broken: Path) -> None:
    """The summary shows the orders that break the promise; JUnit, Allure and the verdict name the seed."""
    drawn = json.loads((broken / "run" / DRAWN).read_text("utf-8"))
    (claim,) = drawn["claims"]
    assert claim["example"][0] == "begin(store='kept', kind='order', stranger='0')"
    summary = (broken / "run" / "summary.md").read_text("utf-8")
    assert "\n".join(claim["example"]) in summary
    assert drawn["again"] in summary
    assert "- seed: 11" in summary
    for report in ("junit.xml", f"{PART}/verdict.json", "environment.json"):
        assert re.search(r"\b11\b", (broken / "run" / report).read_text("utf-8")), report
    assert run(broken, "report", "run").code == 0
    page = html.unescape((broken / "run" / "report.html").read_text("utf-8"))
    assert all(f"<code>{line}</code>" in page for line in claim["example"])
    attached = [path.read_text("utf-8") for path in (broken / "run" / "allure-results").glob("*.txt")]
    assert any(claim["example"][-1] in text for text in attached)


def test_nothing_but_the_run_folder_is_left_behind(broken: Path) -> None:
    """Hypothesis has files of its own; they are not left where the user is."""
    assert {path.name for path in broken.iterdir()} <= {"guard.py", "run", "again", "__pycache__"}


def test_command_of_the_finding_draws_the_same_again(broken: Path) -> None:
    """Profile, seed and kinds are in it: the same claims, trial for trial."""
    drawn = json.loads((broken / "run" / DRAWN).read_text("utf-8"))
    said = run(broken, *shlex.split(drawn["again"])[1:], "--out", "again")
    assert said.code == 1
    assert json.loads((broken / "again" / DRAWN).read_text("utf-8")) == drawn


def test_stored_claims_are_judged_again_without_redis(broken: Path) -> None:
    """The same bytes come out; claims that are spoilt are refused."""
    before = (broken / "run" / "verdict.json").read_bytes()
    assert run(broken, "judge", "run").code == 1
    assert (broken / "run" / "verdict.json").read_bytes() == before
    stored = (broken / "run" / DRAWN).read_text("utf-8")
    try:
        (broken / "run" / DRAWN).write_text("{}", "utf-8")
        spoilt = run(broken, "judge", "run")
        assert (spoilt.code, spoilt.err.count("\n")) == (2, 1)
        assert "properties.json is malformed: expected schema 1 and a list of claims" in spoilt.err
    finally:
        (broken / "run" / DRAWN).write_text(stored, "utf-8")


@pytest.mark.takes_long
def test_program_in_any_language_is_tried_too(tmp_path: Path) -> None:
    """Its processes are held by the proxy gate, and the line that draws the same again names the program."""
    command = f"{sys.executable} {ROOT / 'harness/hosts/tests/little_guard.py'} none"
    said = run(
        tmp_path, "properties", "--command", command, "--chaos-seed", "1", "--profile", "dev", *CALM, "--out", "run"
    )
    assert said.code == 1, said.out + said.err
    (drawn,) = (tmp_path / "run" / "parts").glob("*/properties.json")
    stored = json.loads(drawn.read_text("utf-8"))
    assert stored["again"].startswith(f"stormproof properties --command {shlex.quote(command)}")
    # It does not compare payloads, as its own file says nowhere.
    assert stored["claims"][0]["example"][1:] == [
        "call(entity='usual', change='nothing')",
        "call(entity='usual', change='amount')",
    ]


@pytest.mark.takes_long
def test_night_goes_on_from_seed_to_seed_and_leaves_a_report(tmp_path: Path) -> None:
    """Rounds are drawn until the minutes are over; what the guard was drawn is counted over all of them."""
    words = ("--subject", "twin.get_then_set", "--profile", "nightly", "--minutes", "0.01", "--kinds", "crash_after")
    said = run(tmp_path, "properties", *words, "--out", "run")
    assert said.code == 0, said.out + said.err
    drawn = json.loads((tmp_path / "run/parts/properties-twin.get_then_set/properties.json").read_text("utf-8"))
    assert drawn["rounds"] >= 1
    assert drawn["claims"][0]["examples"] >= 100
    seed = json.loads((tmp_path / "run" / "environment.json").read_text("utf-8"))["seed"]
    assert f"--chaos-seed {seed + drawn['rounds'] - 1}" in drawn["again"]
    assert "profile nightly" in (tmp_path / "run" / "summary.md").read_text("utf-8")


@pytest.mark.takes_long
def test_night_tries_first_what_broke_a_claim_before(tmp_path: Path) -> None:
    """What the first night drew is in a folder: each later one begins with it, so they do the same from any seed."""
    words = ("--subject", "broken.get_then_set", "--profile", "nightly", "--minutes", "2", "--kinds", "crash_after")
    place = "parts/properties-broken.get_then_set/properties.json"
    trials = []
    for night in ("first", "second", "third"):
        assert run(tmp_path, "properties", *words, "--out", night).code == 1
        trials.append(json.loads((tmp_path / night / place).read_text("utf-8"))["claims"][0]["examples"])
    assert list((tmp_path / "stormproof-runs" / "examples" / "broken.get_then_set").iterdir())
    assert trials[1] == trials[2]


@NEEDS_CLOCK
@pytest.mark.takes_long
def test_reference_and_its_core_hold(tmp_path: Path) -> None:
    """All claims are tried with the profile of CI, each is VALID, and every kind of fault but a few was drawn."""
    said = run(tmp_path, "properties", "--out", "run")
    assert said.code == 0, said.out + said.err
    verdict = json.loads((tmp_path / "run/parts/properties-reference/verdict.json").read_text("utf-8"))
    claims = verdict["properties"]["claims"]
    assert [claim["name"] for claim in claims] == ["keeps_its_promise", *CLAIMS]
    assert {claim["verdict"] for claim in claims} == {"VALID"}
    assert verdict["seed"] == 0


def test_test_of_the_page_fails_with_the_smallest_trial(broken: Path) -> None:
    """A reader who copies the test of docs/properties.md beside a guard sees in pytest what breaks it."""
    page = (ROOT / "docs" / "properties.md").read_text("utf-8")
    (test,) = re.findall(r"^```python test\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (broken / "test_guard.py").write_text(test, "utf-8")
    try:
        seen = run_pytest(broken)
    finally:
        (broken / "test_guard.py").unlink()
    assert seen.code == 1, seen.out
    assert "begin(store='kept', kind='order', stranger='0')" in seen.out
    assert "seed 0, profile ci" in seen.out


def test_every_campaign_draws_and_one_command_draws_alone() -> None:
    """The tier is one of a campaign's; the claims about the core are for the guard that has one."""
    asked = wanted(profile="smoke", tiers=[], only=[], subjects=["reference", "twin.get_then_set"])
    drawn = [part for part in parts_of(asked, seed=5) if part.tier == "properties"]
    assert [part.name for part in drawn] == ["properties, reference", "properties, twin.get_then_set"]
    assert [part.trials.seed for part in drawn if part.trials is not None] == [5, 5]
    alone = parts_of(properties("reference", Drawing()), seed=0)
    assert [part.name for part in alone] == ["properties, reference"]


def test_tier_without_its_extra_is_left_out_and_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where what draws the examples is not installed, that is said, and nothing is passed."""
    monkeypatch.setattr(campaigning, "_DRAWS", ("no_such_package",))
    asked = properties("twin.get_then_set", Drawing())
    with pytest.raises(typer.Exit) as ended:
        campaigning.run(
            asked, choice=parse_choice("embedded"), seed=0, budget_s=None, jobs=1, out=str(tmp_path / "run")
        )
    assert ended.value.exit_code == 3
    (left_out,) = json.loads((tmp_path / "run" / "run.json").read_text("utf-8"))["not_run"]
    assert left_out["why"] == "the extra `properties` is not installed: no no_such_package"
