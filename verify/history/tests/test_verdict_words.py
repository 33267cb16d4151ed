"""Verdicts compose by laws, so that the order and the grouping of the parts do not matter."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from verify.history.words import Verdict, merge

verdicts = st.lists(st.sampled_from(Verdict), max_size=5)
some_verdicts = st.lists(st.sampled_from(Verdict), min_size=1, max_size=5)


def test_nothing_merged_is_unknown() -> None:
    """What was not shown is not valid."""
    assert merge([]) is Verdict.UNKNOWN


@given(verdicts)
def test_one_invalid_decides(others: list[Verdict]) -> None:
    """No amount of UNKNOWN or VALID hides a broken promise."""
    assert merge([*others, Verdict.INVALID]) is Verdict.INVALID


@given(verdicts)
def test_unknown_is_never_read_as_valid(others: list[Verdict]) -> None:
    """One open question keeps the whole from being VALID."""
    assert merge([*others, Verdict.UNKNOWN]) is not Verdict.VALID


@given(some_verdicts, some_verdicts)
def test_merge_is_commutative_associative_and_idempotent(one: list[Verdict], other: list[Verdict]) -> None:
    """Parts may be judged in any order and merged in any grouping."""
    assert merge([*one, *other]) is merge([*other, *one])
    assert merge([merge(one), merge(other)]) is merge([*one, *other])
    assert merge([merge(one), merge(one)]) is merge(one)
