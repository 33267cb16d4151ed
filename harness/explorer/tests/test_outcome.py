"""Lines of a history are written as the events are, though most are written once for many schedules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from harness.explorer.outcome import lines_of
from harness.explorer.world.judged import as_judged
from verify.history.events import Complete, EffectCall, Invoke, Landed
from verify.history.words import Outcome

if TYPE_CHECKING:
    from verify.history.events import Event


@pytest.mark.parametrize("odd", [True, 1.0])
def test_a_fence_that_equals_another_one_is_not_taken_for_it(odd: Any) -> None:
    """A guard may say anything; what it said must be in the line, and tell situations apart."""
    usual, other = (
        EffectCall(process="w0", op=1, call=1, key="k0", payload="p", effect_type="order", fence=fence)
        for fence in (1, odd)
    )
    assert usual == other
    assert lines_of([usual]) != lines_of([other])
    assert as_judged([usual]) != as_judged([other])


@pytest.mark.parametrize(("key", "are_judged_alike"), [("k1", True), ("k0", False)])
def test_only_within_a_key_it_is_judged_who_came_first(key: str, *, are_judged_alike: bool) -> None:
    """Of two keys a checker sees the same whichever effect was first; of one key it may not."""
    keys = ("k0", key)
    called = [Invoke(process=f"w{at}", op=at + 1, key=each, payload="p") for at, each in enumerate(keys)]
    landed = [
        Landed(key=each, n=1, payload="p", effect_type="order", process=f"w{at}") for at, each in enumerate(keys)
    ]
    answered = [Complete(process=f"w{at}", op=at + 1, outcome=Outcome.OK) for at in range(len(keys))]
    usual: list[Event] = [*called, landed[0], answered[0], landed[1], answered[1]]
    other: list[Event] = [*called, landed[1], answered[1], landed[0], answered[0]]
    assert (as_judged(usual) == as_judged(other)) is are_judged_alike
