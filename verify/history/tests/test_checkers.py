"""What each checker says beyond its smallest histories."""

from __future__ import annotations

import pytest

from verify.history import (
    book_integrity,
    fence_order,
    mutual_exclusion,
    nothing_lost,
    replay_equality,
    retry_given,
    truthful_outcome,
    usefulness,
    witnesses,
)
from verify.history.checkers import CHECKERS
from verify.history.events import Complete, Died, EffectCall, EffectReply, Event, Fault, Invoke, Landed, Phase
from verify.history.history import History
from verify.history.overlap import effect_overlapped_call
from verify.history.promises import PROMISED, Promise
from verify.history.tests.histories import answered, bitten, executed, raced, receipt
from verify.history.words import Outcome


def _ask(process: str, op: int, call: int = 1) -> EffectCall:
    return EffectCall(process=process, op=op, call=call, key="k", payload="p1")


def _fenced(process: str, op: int, n: int, fence: int | None) -> list[Event]:
    return [
        Invoke(process=process, op=op, key="k", payload="p1"),
        EffectCall(process=process, op=op, call=1, key="k", payload="p1", fence=fence),
        Landed(key="k", n=n, payload="p1", effect_type="order", process=process, fence=fence),
    ]


def test_every_checker_states_its_claim_in_one_sentence() -> None:
    """Reports quote the claim, so it must stand alone."""
    for checker in CHECKERS:
        assert checker.claim.endswith(".")
        assert checker.claim.count(".") == 1
    assert len({checker.name for checker in CHECKERS}) == len(CHECKERS)


def test_every_promise_names_known_checkers() -> None:
    """A promise that names a checker which does not exist would promise nothing."""
    known = {checker.name for checker in CHECKERS}
    assert all(PROMISED[promise] <= known for promise in Promise)
    assert all({usefulness.NAME, retry_given.NAME} & PROMISED[promise] for promise in Promise)


@pytest.mark.parametrize(
    ("fences", "count"),
    [((1, 2, 3), 0), ((1, 1), 1), ((3, 1, 2), 2), ((1, None, 2), 0), ((None, None), 0), ((2, None, 1), 1)],
)
def test_fences_strictly_increase_where_they_are_given(fences: tuple[int | None, ...], count: int) -> None:
    """Each landing is held against the highest fence before it."""
    events = [event for n, fence in enumerate(fences, 1) for event in _fenced(f"w{n}", n, n, fence)]
    assert len(fence_order.check(History(events))) == count


def test_process_may_call_the_venue_twice_in_its_own_section() -> None:
    """Only another process breaks an exclusion."""
    events = [*executed("w1", 1)[:2], _ask("w1", 1, 2), *answered("w1", 2, Outcome.FAIL), _ask("w1", 2)]
    assert mutual_exclusion.check(History(events)) == []


def test_section_ends_when_the_process_is_told() -> None:
    """What a process does between the venue's answer and its own, such as to free its lock, excludes nobody."""
    one, other = executed("w1", 1), executed("w2", 2, n=2)
    assert mutual_exclusion.check(History([*one[:4], *other, one[4]])) == []


def test_second_request_enters_the_section_again() -> None:
    """An operation that asks the venue once more is inside once more."""
    one, other = executed("w1", 1), executed("w2", 2, n=2)
    (finding,) = mutual_exclusion.check(History([*one[:4], _ask("w1", 1, 2), *other]))
    assert finding.operations == (1, 2)


def test_section_without_an_end_stays_closed_to_others() -> None:
    """A process that never answers is inside to the end of the history."""
    events = [*executed("w1", 1)[:2], *executed("w2", 2)]
    (finding,) = mutual_exclusion.check(History(events))
    assert finding.operations == (1, 2)


def test_effect_after_the_answer_excludes_nobody_for_longer_than_itself() -> None:
    """A stray effect is caught while another is inside, and holds no section of its own."""
    stray: list[Event] = [*answered("w1", 1, Outcome.INDETERMINATE), _ask("w1", 1)]
    assert mutual_exclusion.check(History([*stray, *executed("w2", 2)])) == []
    inside = executed("w2", 2)
    (finding,) = mutual_exclusion.check(History([*stray[:2], *inside[:2], stray[2], *inside[2:]]))
    assert finding.operations == (2, 1)


def test_dead_process_that_is_still_heard_holds_no_section() -> None:
    """A request that was under way when its process died does not lock the key for ever."""
    events = [executed("w1", 1)[0], Died(process="w1"), _ask("w1", 1), *executed("w2", 2)]
    assert mutual_exclusion.check(History(events)) == []


def test_fail_of_one_operation_is_not_blamed_for_the_effect_of_another() -> None:
    """A process that fails first and lands later told the truth twice."""
    events = [*answered("w1", 1, Outcome.FAIL, "refused"), *executed("w1", 2)]
    assert truthful_outcome.check(History(events)) == []


def test_stuck_finding_quotes_the_last_answer() -> None:
    """The reader sees at once how the key was left."""
    events = [*raced(), Phase(name="redeliver"), Invoke(process="r1", op=9, key="k", payload="p1", delivery=3)]
    (unanswered,) = nothing_lost.check(History(events))
    assert "got no answer" in unanswered.sentence
    events.append(Complete(process="r1", op=9, outcome=Outcome.FAIL, word="refused", detail="store unavailable"))
    (refused,) = nothing_lost.check(History(events))
    assert "FAIL refused (store unavailable)" in refused.sentence
    assert refused.operations == (9,)


@pytest.mark.parametrize(
    ("outcome", "word", "is_stuck"),
    [
        (Outcome.OK, "", False),
        (Outcome.FAIL, "conflict", False),
        (Outcome.INDETERMINATE, "in_doubt", False),
        (Outcome.INDETERMINATE, "conflict", True),
        (Outcome.INDETERMINATE, "", True),
        (Outcome.FAIL, "in_progress", True),
    ],
)
def test_redelivery_ends_in_ok_conflict_or_doubt(outcome: Outcome, word: str, *, is_stuck: bool) -> None:
    """Every other last answer leaves the key stuck."""
    events = [*executed("w1", 1), Phase(name="redeliver"), *answered("r1", 2, outcome, word)]
    assert bool(nothing_lost.check(History(events))) == is_stuck


def test_key_is_not_stuck_where_nothing_was_redelivered() -> None:
    """Without a redelivery the workload's own answers may be open."""
    assert nothing_lost.check(History(raced())) == []


@pytest.mark.parametrize("result", [None, "null"])
def test_missing_result_is_named_as_such(result: str | None) -> None:
    """A caller who is told OK and handed nothing was not served."""
    told: list[Event] = [Complete(process="w1", op=1, outcome=Outcome.OK, result=result)]
    (finding,) = replay_equality.check(History([*executed("w1", 1)[:-1], *told]))
    assert "got no result" in finding.sentence


def test_result_is_compared_as_json_and_otherwise_as_text() -> None:
    """Spaces and the order of members do not matter, types do."""
    for result, count in ((receipt("k").replace(",", " , "), 0), ("not json", 1), ('{"key":"k","n":true}', 1)):
        told: list[Event] = [Complete(process="w1", op=1, outcome=Outcome.OK, result=result)]
        assert len(replay_equality.check(History([*executed("w1", 1)[:-1], *told]))) == count


def test_useless_guard_is_told_what_it_raised() -> None:
    """Where a guard cannot work at all, the name of its error is what its author needs."""
    raised: list[Event] = [
        Invoke(process="w1", op=1, key="k", payload="p1"),
        Complete(process="w1", op=1, outcome=Outcome.INDETERMINATE, detail="ConnectionError"),
    ]
    (finding,) = usefulness.check(History(raised))
    assert finding.sentence.endswith("although no fault was injected; it raised ConnectionError")


def test_usefulness_is_not_asked_of_a_history_with_faults() -> None:
    """A guard may refuse while it is being hurt."""
    refused = answered("w1", 1, Outcome.FAIL, "refused")
    assert usefulness.check(History(refused))
    assert usefulness.check(History([bitten("reply_lost"), *refused])) == []


def test_key_that_ends_otherwise_than_ok_is_useless() -> None:
    """An OK that a later delivery takes back is worth nothing."""
    (finding,) = usefulness.check(History([*executed("w1", 1), *answered("w2", 2, Outcome.FAIL, "in_progress")]))
    assert "last delivery" in finding.sentence


def test_receipt_told_before_it_was_written_damages_the_record() -> None:
    """Nobody can be told a receipt that is not in the book yet."""
    events = executed("w1", 1)
    events[2], events[3] = events[3], events[2]
    assert any("carries" in finding.sentence for finding in book_integrity.check(History(events)))


def test_venue_that_repeats_a_receipt_keeps_its_book_sound() -> None:
    """A venue that knows an order id gives the first receipt again and lands nothing."""
    again: list[Event] = [
        Invoke(process="w2", op=2, key="k", payload="p1"),
        _ask("w2", 2),
        EffectReply(process="w2", op=2, call=1, answer="receipt", receipt=receipt("k")),
    ]
    assert book_integrity.check(History([*executed("w1", 1), *again])) == []


def test_unwitnessed_fault_is_named_with_its_place() -> None:
    """The sentence says which fault, on which process and where."""
    (finding,) = witnesses.check(History([*raced(), Fault(kind="pause", process="w1", at="2 GET")]))
    assert "fault pause on process w1 at 2 GET" in finding.sentence
    (bare,) = witnesses.check(History([*raced(), Fault(kind="restart_losing(1)")]))
    assert "fault restart_losing(1) left" in bare.sentence


def test_effect_inside_another_call_overlaps_it() -> None:
    """The race that an exploration is made for."""
    assert effect_overlapped_call(History(raced()))


def test_calls_one_after_another_do_not_overlap() -> None:
    """Neither an answered call nor a dead process is overlapped by what follows."""
    assert not effect_overlapped_call(History([*executed("w1", 1), *executed("w2", 2, n=2)]))
    retired: list[Event] = [*executed("w1", 1), Died(process="w1")]
    assert not effect_overlapped_call(History([*retired, *executed("w2", 2, n=2)]))
    dead = [executed("w2", 2)[0], Died(process="w2")]
    assert not effect_overlapped_call(History([*dead, *executed("w1", 1)]))


def test_effects_of_other_keys_and_of_the_caller_itself_do_not_overlap() -> None:
    """Only another process at the same key makes a race."""
    other = executed("w2", 2, key="other")
    assert not effect_overlapped_call(History([other[0], *executed("w1", 1), *other[1:]]))
    own = [Invoke(process="w1", op=7, key="k", payload="p1"), *executed("w1", 1)]
    assert not effect_overlapped_call(History(own))


def test_landing_of_nobody_is_named_without_an_operation() -> None:
    """A finding lists the operations that it knows, and no gap for those that it does not."""
    stray = Landed(key="k", n=2, payload="p2", effect_type="order", process="w9", fence=1)
    first = Landed(key="k", n=1, payload="p1", effect_type="order", process="w8", fence=1)
    history = History([first, stray, *answered("w1", 1, Outcome.INDETERMINATE)])
    for checker in CHECKERS:
        assert all(finding.operations in ((), (1,)) for finding in checker.check(history))
    sentences = [finding.sentence for finding in book_integrity.check(history)]
    assert [sentence.endswith("no recorded call explains") for sentence in sentences] == [True, True]


def test_fail_after_its_own_effect_is_told_from_one_before_it() -> None:
    """The sentence says on which side of the answer the effect landed."""
    events = executed("w1", 1)
    events[4] = Complete(process="w1", op=1, outcome=Outcome.FAIL)
    (finding,) = truthful_outcome.check(History(events))
    assert "landed before that answer" in finding.sentence


def test_last_delivery_of_a_living_process_may_be_unanswered() -> None:
    """A process that hangs is told from one that died."""
    hung: list[Event] = [Phase(name="redeliver"), Invoke(process="r1", op=1, key="k", payload="p1")]
    (finding,) = nothing_lost.check(History(hung))
    assert "got no answer;" in finding.sentence
