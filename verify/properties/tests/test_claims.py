"""A claim that was broken is INVALID, and one of which nothing was drawn is UNKNOWN, whatever the histories say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from verify.history.judgement import Judgement, ListedFinding
from verify.history.record import Bound, ExplorationRecord, MalformedRecordError
from verify.history.words import Verdict
from verify.properties.claims import Claimed, Drawn, judge_claims, read_drawn

HELD = Claimed(name="entity_ids", says="Two intents have two names.", examples=200)
BROKEN = replace(HELD, name="result_codec", broken="1.0 came back as 1", example=("check(", ")"))
GUARD = Claimed(
    name="keeps_its_promise", says="It keeps it.", examples=9, broken="k0 landed twice", has_histories=True
)
RECORD = ExplorationRecord(
    tier="properties",
    name="properties, reference",
    subject="reference",
    bound=Bound(workers=2, faults=1),
    schedules=9,
    classes=3,
    exhausted=True,
    seed=5,
)
FINDING = ListedFinding(
    checker="at_most_once",
    verdict=Verdict.INVALID,
    promised=True,
    outside="",
    sentence="k0 landed twice",
    schedule="generated: w0",
    faults=(),
    phase="",
    needs_faults=True,
    histories=1,
    schedules=1,
)


def judged(
    *claims: Claimed, verdict: Verdict = Verdict.VALID, findings: Any = ()
) -> tuple[Judgement, dict[str, Any]]:
    """Return what follows from claims beside histories that say *verdict*."""
    judgement = Judgement(record=RECORD, verdict=verdict, reasons=(), findings=findings)
    return judge_claims(judgement, Drawn(profile="ci", rounds=1, again="stormproof properties", claims=claims))


def test_claims_that_held_leave_the_histories_verdict() -> None:
    """They are listed, and find nothing."""
    judgement, section = judged(HELD)
    assert (judgement.verdict, judgement.findings, judgement.reasons) == (Verdict.VALID, (), ())
    assert [(each["name"], each["verdict"], each["examples"]) for each in section["claims"]] == [
        ("entity_ids", "VALID", 200)
    ]
    assert judged(HELD, verdict=Verdict.UNKNOWN)[0].verdict is Verdict.UNKNOWN


def test_broken_claim_is_a_finding_with_the_command_that_draws_it_again() -> None:
    """It decides, beside histories that are sound."""
    judgement, section = judged(HELD, BROKEN)
    (finding,) = judgement.findings
    assert judgement.verdict is Verdict.INVALID
    assert (finding.checker, finding.sentence, finding.replay, finding.decides) == (
        "result_codec",
        "1.0 came back as 1",
        "stormproof properties",
        True,
    )
    assert section["claims"][1]["example"] == ["check(", ")"]


def test_what_histories_show_is_not_found_twice() -> None:
    """The claim about the guard rests on histories: it is a finding of its own only where they show nothing."""
    assert judged(GUARD, verdict=Verdict.INVALID, findings=(FINDING,))[0].findings == (FINDING,)
    assert [each.checker for each in judged(GUARD)[0].findings] == ["keeps_its_promise"]
    beside = replace(FINDING, promised=False)
    assert [each.checker for each in judged(GUARD, findings=(beside,))[0].findings] == [
        "keeps_its_promise",
        "at_most_once",
    ]


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ((), "no claim was tried"),
        ((replace(HELD, examples=0),), "entity_ids: no example was drawn"),
        ((replace(HELD, unshown="no clock"),), "entity_ids: no clock"),
    ],
    ids=["nothing", "no example", "not shown"],
)
def test_what_was_not_shown_is_unknown(claims: tuple[Claimed, ...], reason: str) -> None:
    """Unrun is never passed."""
    judgement, _ = judged(*claims)
    assert (judgement.verdict, judgement.reasons) == (Verdict.UNKNOWN, (reason,))


def test_stored_claims_come_back_as_they_were() -> None:
    """Judging a stored run again rests on the same values."""
    drawn = Drawn(profile="nightly", rounds=3, again="stormproof properties", claims=(HELD, BROKEN, GUARD))
    assert read_drawn(drawn.to_object()) == drawn


@pytest.mark.parametrize(
    "spoil",
    [
        lambda stored: stored.pop("claims"),
        lambda stored: stored.update(schema=9),
        lambda stored: stored["claims"][0].pop("examples"),
        lambda stored: stored["claims"][0].update(examples="200"),
        lambda stored: stored["claims"].append(7),
        lambda stored: stored.pop("again"),
    ],
    ids=["no claims", "another schema", "no examples", "a text for a number", "no object", "no command"],
)
def test_spoilt_claims_are_refused(spoil: Any) -> None:
    """What cannot be read is not taken for a claim that held."""
    stored = Drawn(profile="ci", rounds=1, again="", claims=(HELD,)).to_object()
    spoil(stored)
    with pytest.raises(MalformedRecordError):
        read_drawn(stored)
