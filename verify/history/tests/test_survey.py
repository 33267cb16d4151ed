"""What some histories show and what later ones show is, together, what all of them show one by one."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest

from verify.history.judge import (
    RECORD,
    Bound,
    ExplorationRecord,
    StoredHistory,
    Survey,
    judge_exploration,
    judgement_of,
)
from verify.history.tests import stored
from verify.history.words import Verdict

FAULTS = (("crash_before",), (), ("reply_lost", "crash_before"))
HISTORIES = [
    StoredHistory(
        id=number,
        events=stored.read(kind, name),
        schedule=f"same: w{number % 7}",
        faults=FAULTS[number % 3],
        preemptions=number % 5,
        count=1 + number % 2,
    )
    for number, (kind, name) in enumerate(
        ((kind, name) for kind in ("bad", "good", "bad") for name in stored.names(kind)), start=1
    )
]
"""Every stored history, the bad ones twice: the second time another schedule may be the simplest."""
SAID = ExplorationRecord(
    tier="explore",
    name="all",
    subject="s",
    bound=Bound(workers=2, faults=2),
    schedules=2 * len(HISTORIES),
    classes=len(HISTORIES),
    exhausted=True,
    seed=1,
    outside={"reply_lost": "it is not promised"},
)


@pytest.mark.parametrize("pieces", [2, 3, len(HISTORIES)])
def test_joined_surveys_are_one_survey(pieces: int) -> None:
    """The same findings in the same order, also when each has come from another process."""
    size = -(-len(HISTORIES) // pieces)
    together = Survey(SAID)
    for begin in range(0, len(HISTORIES), size):
        part = Survey(SAID)
        for each in HISTORIES[begin : begin + size]:
            part.take(each)
        together.join(pickle.loads(pickle.dumps(part)))  # noqa: S301 - it was made a line above
    alone = judge_exploration(SAID, HISTORIES, lambda finding: finding.schedule)
    assert judgement_of(together, lambda finding: finding.schedule) == alone
    assert alone.verdict is Verdict.INVALID
    assert len({finding.checker for finding in alone.findings}) > len(HISTORIES) // 10


@pytest.mark.parametrize("requires_overlap", [True, False])
@pytest.mark.parametrize("where", range(3))
def test_what_one_history_shows_all_show(where: int, *, requires_overlap: bool) -> None:
    """An overlap, or a run without faults, counts in whichever piece it is."""
    said = replace(SAID, schedules=3, classes=3, requires_overlap=requires_overlap)
    quiet = next(each for each in HISTORIES if each.id > len(stored.names("bad")))
    struck = replace(quiet, faults=("crash_before",), count=1)
    taken = [replace(quiet, faults=(), count=1) if at == where else struck for at in range(3)]
    together = Survey(said)
    for each in taken:
        part = Survey(said)
        part.take(each)
        together.join(part)
    alone = judge_exploration(said, taken, lambda _: "")
    assert judgement_of(together, lambda _: "") == alone
    assert not any("no history without faults" in reason for reason in alone.reasons)


def test_histories_that_were_not_judged_leave_it_open() -> None:
    """It is never VALID then, and what was found in the others stays found."""
    good = next(each for each in HISTORIES if each.id > len(stored.names("bad")))
    for taken, verdict in ((good, Verdict.UNKNOWN), (HISTORIES[0], Verdict.INVALID)):
        survey = Survey(replace(SAID, classes=1, requires_overlap=False))
        survey.take(replace(taken, faults=()))
        judged = judgement_of(survey, lambda _: "", unjudged="a process died")
        assert judged.verdict is verdict
        assert "a process died" in judged.reasons
        assert RECORD not in {finding.checker for finding in judged.findings}
