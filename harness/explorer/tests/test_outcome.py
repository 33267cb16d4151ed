"""Lines of a history are written as the events are, though most are written once for many schedules."""

from __future__ import annotations

from typing import Any

import pytest

from harness.explorer.outcome import lines_of
from harness.explorer.world.judged import as_judged
from verify.history.events import EffectCall


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
