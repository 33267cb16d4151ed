"""A full self-test: the claims are those of the tiers, a share of them is said to be one, and a miss is seen."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest
import typer

from harness.conformance.planted import CAUGHT
from harness.explorer.tests.exploring import NEEDS_CLOCK
from harness.faults.registry import loses_store
from harness.redis_server.choice import parse_choice
from harness.storm.catches import CATCHES
from harness.subjects.broken.registry import PLANTED
from scenarios.registry import STORIES
from stormproof import full_selftest
from stormproof.cli import main
from stormproof.full_selftest_checks import SOUND, Check, Share, claimed_checks, explorer_checks, sound_checks
from stormproof.tier_claims import TIERS, claims_of_tiers

if TYPE_CHECKING:
    from pathlib import Path

LEAST = {"explore": 40, "properties": 10, "scenarios": 10, "storm": 5}
"""So many planted guards each tier must catch at least."""


def test_every_tier_catches_so_many_planted_guards() -> None:
    """What tiers claim is what they hold themselves, and they hold enough."""
    claims = claims_of_tiers()
    guards = {tier: {claim.guard for claim in claims if claim.tier == tier} for tier in TIERS}
    assert guards["explore"] == set(PLANTED)
    assert guards["properties"] == set(CAUGHT)
    told = {guard for telling in STORIES.values() for guard in telling.STORY.catches}
    assert {f"broken.{guard}" for guard in guards["scenarios"]} == told
    assert {f"broken.{guard}" for guard in guards["storm"]} == CATCHES.keys()
    assert {tier for tier, least in LEAST.items() if len(guards[tier]) < least} == set()


def test_shares_of_all_seeds_are_all_claims() -> None:
    """What one seed leaves out another one takes, and how much is left out is counted."""
    whole = claimed_checks(0, 1)
    assert whole.left_out == (
        ("properties", len(CAUGHT), 0),
        ("scenarios", len([claim for claim in claims_of_tiers() if claim.tier == "scenarios"]), 0),
        ("storm", len(CATCHES), 0),
    )
    shares = [claimed_checks(seed, 3) for seed in range(3)]
    taken = [check.name for share in shares for check in share.checks if check.checker]
    assert sorted(taken) == sorted(check.name for check in whole.checks if check.checker)
    for at, (tier, of, _) in enumerate(whole.left_out):
        assert sum(share.left_out[at][2] for share in shares) == 2 * of, tier


def test_sound_guards_stand_beside_what_is_claimed() -> None:
    """Each story and each timeline is run on a guard of ours too, of which nothing may be found."""
    checks = claimed_checks(0, 1).checks
    for key in ("story", "inject"):
        claimed = {check.asked[key] for check in checks if key in check.asked and check.checker}
        assert {check.asked[key] for check in checks if key in check.asked and not check.checker} == claimed
    assert {check.asked["subject"] for check in checks if not check.checker} == {"reference", "breaker"}
    everybody = {*SOUND, *(f"twin.{name}" for name in PLANTED)}
    first = list(islice(sound_checks(7), 3 * len(everybody)))
    assert len({check.name for check in first}) == len(first)
    assert not any(check.checker for check in first)
    for seed in (7, 8):
        drawn = {check.asked["subject"] for check in first if check.name.endswith(f"seed {seed}")}
        assert drawn == everybody or (seed == 8 and drawn)
    explored = [check.asked for check in first if check.tier == "explore"]
    assert {asked["faults"] for asked in explored} == {1}
    assert not any(loses_store(kind) for asked in explored for kind in asked["kinds"])
    assert {"reference", "twin.lease_as_ttl"} <= {asked["subject"] for asked in explored}


def a_few(monkeypatch: pytest.MonkeyPatch, **must: str) -> None:
    """Leave a few quick checks: of the explorer, and by tier of *must* the first, which that checker must catch."""
    explored = [check for check in explorer_checks(7) if check.name.endswith(".get_then_set")]
    claimed = claimed_checks(7, 1).checks
    quick = [
        replace(next(check for check in claimed if check.tier == tier), checker=checker)
        for tier, checker in must.items()
    ]
    share = Share(checks=tuple(quick), left_out=(("storm", len(CATCHES), len(CATCHES)),))
    sound = [check for check in explorer_checks(8) if check.name in {"twin.key_joined", "twin.freed_before_mark"}]
    monkeypatch.setattr(full_selftest, "explorer_checks", lambda _seed: explored)
    monkeypatch.setattr(full_selftest, "claimed_checks", lambda _seed, _share: share)
    monkeypatch.setattr(full_selftest, "sound_checks", lambda _seed: iter(sound))


def ran(folder: Path, *, schedules: int = 1, budget_s: float | None = None) -> tuple[int, dict[str, Any]]:
    """Run a full self-test; return exit code and verdict."""
    with pytest.raises(typer.Exit) as ended:
        full_selftest.run(
            choice=parse_choice("embedded", allow_target=[]),
            seed=7,
            budget_s=budget_s,
            jobs=2,
            out=str(folder / "run"),
            share=8,
            schedules=schedules,
        )
    return ended.value.exit_code, json.loads((folder / "run" / "verdict.json").read_bytes())


@NEEDS_CLOCK
def test_tiers_are_judged_side_by_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An exploration, trials and a story each catch their guard; what a share leaves out decides nothing."""
    a_few(monkeypatch, properties="usefulness", scenarios="at_most_once")
    code, verdict = ran(tmp_path)
    matrix = verdict["kill_matrix"]
    assert (code, verdict["verdict"], verdict["reasons"]) == (0, "VALID", [])
    assert {claim["tier"]: claim["seen"] for claim in matrix["claims"]} == dict.fromkeys(
        LEAST.keys() - {"storm"}, "caught"
    )
    # The twin of the explored guard was enough.
    assert matrix["sound"]["parts"] == 1
    assert verdict["not_run"] == [
        {
            "name": f"{len(CATCHES)} claims of the tier storm",
            "why": f"--share 8: every 8th of {len(CATCHES)} is run, and which ones depends on the seed",
        }
    ]
    printed = capsys.readouterr().out
    assert "false alarms: 0" in printed
    score = json.loads((tmp_path / "run" / "checkers.json").read_bytes())
    assert score["histories"] > 0
    assert 0 < score["noticed"] < score["mutants"]
    assert f"of {score['mutants']:,} mutants of" in printed


@NEEDS_CLOCK
def test_a_checker_that_does_not_fire_is_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A story whose guard is caught by another checker alone ends the self-test with 1."""
    a_few(monkeypatch, scenarios="conflict")
    code, verdict = ran(tmp_path, schedules=10**6)
    assert (code, verdict["verdict"]) == (1, "INVALID")
    assert verdict["kill_matrix"]["missed"] == ["kill_redis, broken.lease_as_ttl"]
    assert verdict["kill_matrix"]["sound"]["parts"] == 3


@NEEDS_CLOCK
def test_what_a_budget_leaves_out_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A self-test that ran out of time is UNKNOWN and names what is missing."""
    a_few(monkeypatch)
    code, verdict = ran(tmp_path, budget_s=1e-6)
    assert (code, verdict["verdict"]) == (3, "UNKNOWN")
    assert "1 schedules of sound guards" in {each["name"] for each in verdict["not_run"]}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--share", "2"), "--share goes with --full"),
        (("--schedules", "2"), "--schedules goes with --full"),
        (("--full", "--kinds", "all"), "leave out --kinds"),
        (("--full", "--share", "0"), "expected a whole number from 1"),
    ],
)
def test_wrong_input_is_one_line(
    words: tuple[str, ...],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Nothing is run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["stormproof", "selftest", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr()
    assert (ended.value.code, told.out, list(tmp_path.iterdir())) == (2, "", [])
    assert said in told.err
    assert len(told.err.splitlines()) == 1


@NEEDS_CLOCK
@pytest.mark.takes_long
def test_a_storm_is_a_check_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its planted guard is caught by the checker that must catch it."""
    check: Check = next(check for check in claimed_checks(7, 1).checks if check.tier == "storm")
    monkeypatch.setattr(full_selftest, "explorer_checks", lambda _seed: [])
    monkeypatch.setattr(full_selftest, "claimed_checks", lambda _seed, _share: Share(checks=(check,), left_out=()))
    code, verdict = ran(tmp_path, schedules=0)
    assert (code, [claim["seen"] for claim in verdict["kill_matrix"]["claims"]]) == (0, ["caught"])
