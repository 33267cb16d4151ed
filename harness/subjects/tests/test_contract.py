"""What a factory says of itself is read as it was said, and what it leaves out has a safe default."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import WrongInputError
from harness.subjects.contract import classify, declare, describe_subject
from verify.history.promises import DEFAULT_PROMISE, Promise
from verify.history.words import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.subjects.contract import Effect, Guard


def make(_redis_url: str, _lease_s: float) -> Guard:
    """Return a guard that performs the effect, from a factory that says nothing of itself."""

    def guard(_key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        return effect(payload)

    return guard


def declared(**said: Any) -> Any:
    """Return a factory of its own that says *said*."""

    def factory(redis_url: str, lease_s: float) -> Guard:
        return make(redis_url, lease_s)

    return declare(**said)(factory)


def test_silent_factory_gets_the_safe_defaults() -> None:
    """The strongest promise, nothing outside it, fresh guards, and every exception may mean an effect."""
    subject = describe_subject("mine", lambda: make, None)
    assert (subject.promise, subject.outside, subject.reusable) == (DEFAULT_PROMISE, {}, False)
    assert classify(make, KeyError()) == (Outcome.INDETERMINATE, "")


def test_declared_attributes_are_read() -> None:
    """What the decorator sets is what the run goes by; the factory itself stays the function that it was."""
    prepared: list[str] = []
    factory = declared(
        promise="at_most_once",
        classify=lambda _error: ("FAIL", "refused"),
        prepare=prepared.append,
        outside={"pause": "leases end"},
        reusable=True,
    )
    subject = describe_subject("mine", lambda: factory, None)
    assert (subject.promise, subject.outside, subject.reusable) == (
        Promise.AT_MOST_ONCE,
        {"pause": "leases end"},
        True,
    )
    assert classify(factory, KeyError()) == (Outcome.FAIL, "refused")
    subject.prepare("redis://here")
    assert prepared == ["redis://here"]


def test_unsaid_attributes_stay_unset() -> None:
    """The decorator adds nothing that was not said."""
    assert vars(declared()) == {}


def test_given_promise_overrides_the_declared_one() -> None:
    """``--promise`` decides over what the author says."""
    factory = declared(promise="at_most_once")
    assert describe_subject("mine", lambda: factory, "mutual_exclusion").promise is Promise.MUTUAL_EXCLUSION


@pytest.mark.parametrize("said", [{"promise": "always_right"}, {"outside": ["pause"]}, {"outside": {"pause": 1}}])
def test_nonsense_is_refused_by_name(said: dict[str, Any]) -> None:
    """A promise that nobody knows, or limits without reasons, are the user's input error, named."""
    factory = declared(**said)
    with pytest.raises(WrongInputError, match="mine"):
        describe_subject("mine", lambda: factory, None)


def _raise(_error: BaseException) -> tuple[str, str]:
    raise RuntimeError


@pytest.mark.parametrize(
    "say",
    [_raise, lambda _error: None, lambda _error: ("PERHAPS", "")],
    ids=["raises", "no pair", "unknown outcome"],
)
def test_classification_that_fails_says_nothing(say: Any) -> None:
    """A ``classify`` that raises or answers nonsense leaves the exception indeterminate."""
    assert classify(declared(classify=say), KeyError()) == (Outcome.INDETERMINATE, "")


def test_kinds_of_effects_are_read_and_must_be_names() -> None:
    """A guard that tells kinds apart says which; anything but names is refused."""
    subject = describe_subject("mine", lambda: declared(effect_types=("order", "ledger")), None)
    assert subject.effect_types == ("order", "ledger")
    assert describe_subject("mine", lambda: make, None).effect_types == ()
    for wrong in ("order", (7,), ("",), {"order": 1}):
        with pytest.raises(WrongInputError, match="effect_types must list names"):
            describe_subject("mine", functools.partial(declared, effect_types=wrong), None)
