"""An exploration gets one judgement: what it found, grouped, and what it left unknown, named."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest

from verify.history.events import Phase
from verify.history.judge import StoredHistory, dumps_canonical, judge_exploration
from verify.history.promises import Promise
from verify.history.record import Bound, ExplorationRecord
from verify.history.tests.histories import answered, bitten, executed, raced
from verify.history.words import Outcome, Verdict

if TYPE_CHECKING:
    from verify.history.events import Event
    from verify.history.judge import Judgement

RECORD = ExplorationRecord(
    tier="explore",
    name="two-workers",
    subject="planted",
    bound=Bound(workers=2, faults=1, kinds=("reply_lost",), workloads=("same_key",)),
    schedules=10,
    classes=1,
    exhausted=True,
    seed=7,
    hits={"reply_lost": {"1 SET": 2}},
    applicable={"reply_lost": ("1 SET",)},
)
ENDED = [*raced(), *answered("r1", 3, Outcome.OK)]
TWICE = [*executed("w1", 1), *executed("w2", 2, n=2)]


def kept(events: list[Event], schedule: str = "0", **fields: Any) -> StoredHistory:
    """Return a stored history."""
    return StoredHistory(id=fields.pop("id", 1), events=events, schedule=schedule, **fields)


def hurt(kind: str, schedule: str, **fields: Any) -> StoredHistory:
    """Return a stored history with one fault, in which the key landed twice."""
    return kept([bitten(kind), *TWICE], schedule, faults=(kind,), **fields)


def judge(*histories: StoredHistory, **changes: Any) -> Judgement:
    """Judge the histories by a record that fits them, with *changes*."""
    record = replace(RECORD, **{"classes": len(histories), **changes})
    return judge_exploration(record, iter(histories), lambda finding: f"replay {finding.schedule}")


def test_exhausted_exploration_without_findings_is_valid() -> None:
    """All was run, all was hit, something raced, and nothing was found."""
    judged = judge(kept(ENDED), kept([bitten("reply_lost"), *ENDED], faults=("reply_lost",)))
    assert (judged.verdict, judged.reasons, judged.findings) == (Verdict.VALID, (), ())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"schedules": 0, "reason": "no server"}, "no schedule was run: no server"),
        ({"schedules": 0}, "no schedule was run"),
        ({"exhausted": False, "reason": "budget spent"}, "stopped after 10 schedules: budget spent"),
        ({"exhausted": False}, "stopped after 10 schedules: no reason was recorded"),
        ({"unavailable": {"advance": "no libfaketime"}}, "fault kind advance cannot be done here: no libfaketime"),
        ({"hits": {}}, "fault kind reply_lost was applicable at 1 SET, but never hit"),
        ({"hits": {"reply_lost": {"1 SET": 0}}}, "fault kind reply_lost was applicable at 1 SET, but never hit"),
        ({"step_limited": 2}, "2 schedules ended by the step limit or a stall, so their end is unknown"),
        ({"nondeterministic": "schedule 4 gave two histories"}, "schedule 4 gave two histories"),
        ({"classes": 2}, "the record counts 2 distinct histories, but 1 are stored"),
    ],
)
def test_what_was_not_run_is_unknown_with_its_reason(changes: dict[str, Any], reason: str) -> None:
    """A gap in the exploration is named, and is never VALID."""
    judged = judge(kept(ENDED, count=0), **changes)
    assert (judged.verdict, judged.reasons) == (Verdict.UNKNOWN, (reason,))


def test_histories_that_stand_for_too_many_schedules_are_unknown() -> None:
    """A record and a store that contradict each other show nothing."""
    judged = judge(kept(ENDED, count=11))
    assert judged.reasons == ("the record counts 10 schedules, but its histories stand for 11",)


def test_exploration_without_any_overlap_is_vacuous() -> None:
    """Where nothing raced, nothing was shown about races."""
    judged = judge(kept(executed("w1", 1)))
    assert judged.verdict is Verdict.UNKNOWN
    assert judged.reasons[0].startswith("vacuous")
    assert judge(kept(executed("w1", 1)), requires_overlap=False).verdict is Verdict.VALID


def test_exploration_without_a_faultless_history_is_unknown() -> None:
    """Usefulness was asked of no history."""
    judged = judge(kept([bitten("reply_lost"), *ENDED], faults=("reply_lost",)))
    assert judged.verdict is Verdict.UNKNOWN
    assert "of any use" in judged.reasons[0]


def test_planned_fault_keeps_a_history_from_counting_as_faultless() -> None:
    """A schedule with a fault whose event is missing is no proof of usefulness."""
    assert judge(kept(ENDED, faults=("reply_lost",))).verdict is Verdict.UNKNOWN


def test_exploration_without_histories_is_unknown() -> None:
    """Schedules of which nothing was stored show nothing."""
    empty = "no history is stored, so nothing was judged"
    assert judge(classes=3).reasons == ("the record counts 3 distinct histories, but 0 are stored", empty)


def test_exploration_that_counts_no_history_is_unknown() -> None:
    """A store that is empty on both sides is still no evidence."""
    judged = judge()
    assert (judged.verdict, len(judged.reasons)) == (Verdict.UNKNOWN, 1)


def test_unwitnessed_fault_is_unknown_and_gives_its_reason() -> None:
    """A finding that is UNKNOWN stands among the findings and among the reasons."""
    judged = judge(kept(ENDED), kept([bitten("reply_lost", witness=""), *ENDED], faults=("reply_lost",)))
    assert judged.verdict is Verdict.UNKNOWN
    (finding,) = judged.findings
    assert judged.reasons == (f"witnesses: {finding.sentence}",)


def test_invalid_decides_and_keeps_the_reasons() -> None:
    """A broken promise is not excused by an unfinished search, and the search stays unfinished."""
    judged = judge(kept(TWICE), exhausted=False, reason="budget spent", requires_overlap=False)
    assert judged.verdict is Verdict.INVALID
    assert judged.reasons == ("stopped after 10 schedules: budget spent",)


def test_group_is_shown_by_its_simplest_schedule() -> None:
    """Fewest preemptions first, then the shortest schedule, then the first in the alphabet; all are counted."""
    histories = [
        hurt("reply_lost", "aaaa", preemptions=0, count=1),
        hurt("reply_lost", "aa", preemptions=1, count=2),
        hurt("reply_lost", "c", preemptions=0, count=1),
        hurt("reply_lost", "b", preemptions=0, count=1),
    ]
    for order in permutations(histories):
        judged = judge(*order)
        shown = [finding for finding in judged.findings if finding.checker == "at_most_once"]
        assert [(each.schedule, each.replay, each.histories, each.schedules) for each in shown] == [
            ("b", "replay b", 4, 5)
        ]


def test_other_faults_and_other_checkers_make_other_groups() -> None:
    """A finding's identity is its checker and its fault kinds, in whatever order they struck."""
    both = ("reply_lost", "pause")
    judged = judge(
        hurt("reply_lost", "a"),
        hurt("pause", "b"),
        kept([bitten("pause"), *TWICE], "c", faults=both),
        kept([bitten("pause"), *TWICE], "d", faults=both[::-1]),
    )
    shown = [(each.checker, each.faults, each.histories) for each in judged.findings if each.promised]
    assert shown == [
        ("at_most_once", ("reply_lost",), 1),
        ("at_most_once", ("pause",), 1),
        ("replay_equality", ("reply_lost",), 1),
        ("replay_equality", ("pause",), 1),
        ("at_most_once", both, 2),
        ("replay_equality", both, 2),
    ]


def test_fault_outside_the_promise_is_listed_and_does_not_decide() -> None:
    """The reason stands beside the finding, with or without a parameter of the kind."""
    judged = judge(kept(ENDED), hurt("evict(k)", "a"), outside={"evict": "AS3"})
    assert judged.verdict is Verdict.VALID
    assert {finding.outside for finding in judged.findings} == {"evict: AS3"}


def test_simpler_schedule_outside_the_promise_hides_none_inside_it() -> None:
    """The same finding under the same faults decides where one workload that shows it is promised."""
    simple = hurt("reply_lost", "conflict: w0")
    judged = judge(simple, hurt("reply_lost", "same: w0 w1 w0"), outside={"conflict": "never said"})
    shown = [(each.outside, each.schedule) for each in judged.findings if each.checker == "at_most_once"]
    assert shown == [("", "same: w0 w1 w0"), ("conflict: never said", "conflict: w0")]
    assert judged.verdict is Verdict.INVALID


def test_finding_inside_the_promise_needs_its_faults_where_only_others_do_without() -> None:
    """What is seen without a fault outside the promise does not explain what needs one inside it."""
    judged = judge(
        kept(TWICE, "conflict: w0"),
        hurt("reply_lost", "same: w0"),
        kept([bitten("evict"), *TWICE], "same: w1", faults=("evict",)),
        outside={"conflict": "never said", "evict": "AS3"},
    )
    shown = [(each.schedule, each.needs_faults) for each in judged.findings if each.checker == "at_most_once"]
    assert shown == [("same: w0", True), ("conflict: w0", True), ("same: w1", False)]


def test_finding_is_of_the_phase_in_which_its_effect_landed() -> None:
    """A zombie was called in the first phase; what it does when it comes back is done in the last one."""
    zombie = executed("w1", 1, n=2)
    events = [
        Phase(name="workload"),
        zombie[0],
        Phase(name="redeliver"),
        *executed("r1", 2),
        Phase(name="zombie"),
        *zombie[1:],
    ]
    phases = {finding.checker: finding.phase for finding in judge(kept(events)).findings}
    assert phases["at_most_once"] == "zombie"
    assert phases["replay_equality"] == "redeliver"


def test_outside_without_a_reason_is_still_outside() -> None:
    """An empty reason does not pull a fault back into the promise."""
    assert judge(kept(ENDED), hurt("evict", "a"), outside={"evict": ""}).verdict is Verdict.VALID


def test_what_is_outside_the_promise_never_hides_what_is_inside() -> None:
    """Of a workload outside the promise the simplest schedule shows the same as one inside: both are listed."""
    histories = [kept(TWICE, "conflict: a"), kept(TWICE, "same: a b c", preemptions=2)]
    for order in permutations(histories):
        judged = judge(*order, outside={"conflict": "payloads are not compared"})
        assert judged.verdict is Verdict.INVALID
        shown = [(each.schedule, each.decides) for each in judged.findings if each.checker == "at_most_once"]
        assert shown == [("same: a b c", True), ("conflict: a", False)]


def test_fault_is_needed_where_only_what_is_outside_the_promise_does_without_it() -> None:
    """What a workload outside the promise shows without a fault says nothing of those inside."""
    judged = judge(
        kept(TWICE, "conflict: a"),
        hurt("reply_lost", "same: b"),
        outside={"conflict": "payloads are not compared"},
    )
    shown = [(each.schedule, each.needs_faults) for each in judged.findings if each.checker == "at_most_once"]
    assert shown == [("same: b", True), ("conflict: a", True)]


def test_findings_stand_in_the_order_of_their_weight() -> None:
    """Deciding ones first, then those outside the promise, then those not promised."""
    judged = judge(
        hurt("evict", "a"),
        hurt("reply_lost", "b"),
        kept(TWICE, "c"),
        outside={"evict": "AS3"},
        promise=Promise.AT_MOST_ONCE,
    )
    places = [(finding.promised, finding.outside, len(finding.faults)) for finding in judged.findings]
    assert places[:3] == [(True, "", 0), (True, "", 1), (True, "evict: AS3", 1)]
    assert not any(promised for promised, _, _ in places[3:])


def test_verdict_object_holds_what_an_auditor_needs_and_no_time() -> None:
    """The object has exactly these fields."""
    stored = judge(kept(TWICE), requires_overlap=False).to_object()
    assert sorted(stored) == [
        "bound",
        "classes",
        "coverage",
        "exhausted",
        "findings",
        "hits",
        "name",
        "notes",
        "promise",
        "reasons",
        "schedules",
        "schema",
        "seed",
        "server",
        "subject",
        "tier",
        "verdict",
    ]
    assert stored["promise"] == "exactly_once_or_in_doubt"
    assert stored["verdict"] == "INVALID"
    assert stored["findings"][0]["checker"] == "at_most_once"


def test_canonical_text_is_sorted_indented_and_ends_its_line() -> None:
    """One value has one text, and what JSON cannot say is refused."""
    assert dumps_canonical({"b": [], "a": "\u00e9"}) == b'{\n  "a": "\\u00e9",\n  "b": []\n}\n'
    with pytest.raises(ValueError, match="JSON"):
        dumps_canonical(float("nan"))


def test_judging_again_gives_the_same_bytes() -> None:
    """The order in which histories are read leaves no trace."""
    histories = [kept(TWICE, "c"), hurt("reply_lost", "b"), hurt("pause", "a"), kept(ENDED, "z")]
    texts = {dumps_canonical(judge(*order).to_object()) for order in permutations(histories)}
    assert len(texts) == 1
    (text,) = texts
    assert text.endswith(b"}\n")
    assert dumps_canonical(json.loads(text)) == text


def test_history_with_two_findings_of_one_checker_counts_once() -> None:
    """Two keys that landed twice in one history are one history; the first sentence in the alphabet is shown."""
    other = [*executed("w1", 3, key="a"), *executed("w2", 4, key="a", n=2)]
    judged = judge(kept([*TWICE, *other], count=3))
    shown = next(finding for finding in judged.findings if finding.checker == "at_most_once")
    assert (shown.histories, shown.schedules) == (1, 3)
    assert shown.sentence.startswith("key a ")
