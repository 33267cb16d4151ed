"""A book that is altered by one line changes the verdict."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from verify.history.events import Landed
from verify.history.judge import judge_history
from verify.history.promises import Promise
from verify.history.tests import stored
from verify.history.tests.histories import good_history
from verify.history.words import Verdict

operations = st.integers(min_value=1, max_value=30)
batches = st.integers(min_value=1, max_value=5)
promises = st.sampled_from([each for each in Promise if each not in {Promise.CIRCUIT_BREAKER, Promise.RETRY_POLICY}])
"""Limits are judged by terms, which these histories do not name."""


@given(operations, batches, promises)
def test_generated_history_is_good(count: int, keys_per_batch: int, promise: Promise) -> None:
    """The generator gives histories in which no checker finds anything."""
    assert judge_history(good_history(count, keys_per_batch=keys_per_batch), promise).findings == ()


@given(operations, batches, promises, st.data())
def test_deleted_line_of_the_book_changes_the_verdict(
    count: int, keys_per_batch: int, promise: Promise, data: st.DataObject
) -> None:
    """Nobody can take a line out of the book unnoticed."""
    events = good_history(count, keys_per_batch=keys_per_batch)
    book = [position for position, event in enumerate(events) if isinstance(event, Landed)]
    del events[data.draw(st.sampled_from(book))]
    assert judge_history(events, promise).verdict is not Verdict.VALID


@given(operations, batches, promises, st.data())
def test_duplicated_line_of_the_book_changes_the_verdict(
    count: int, keys_per_batch: int, promise: Promise, data: st.DataObject
) -> None:
    """Nobody can put a line into the book unnoticed, wherever it is put."""
    events = good_history(count, keys_per_batch=keys_per_batch)
    line = data.draw(st.sampled_from([event for event in events if isinstance(event, Landed)]))
    events.insert(data.draw(st.integers(min_value=0, max_value=len(events))), line)
    assert judge_history(events, promise).verdict is not Verdict.VALID


@given(st.sampled_from(stored.names("good")), st.data())
def test_recorded_history_does_not_survive_a_changed_book(name: str, data: st.DataObject) -> None:
    """The stored good histories are as sensitive as the generated ones."""
    events = stored.read("good", name)
    book = [position for position, event in enumerate(events) if isinstance(event, Landed)]
    if not book:
        return
    position = data.draw(st.sampled_from(book))
    events.insert(position, events[position])
    assert judge_history(events, Promise.EXACTLY_ONCE_OR_IN_DOUBT).verdict is not Verdict.VALID
