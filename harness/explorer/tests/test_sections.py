"""Who enters and leaves the venue, as the checkers ask: a smallest history of each way to do so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.explorer.world.sections import Sections
from verify.history.events import Complete, Died, EffectCall, EffectReply, Landed, Reconciled
from verify.history.words import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from verify.history.events import Event

ASKED = EffectCall(process="w0", op=1, call=1, key="k0", payload="p")
LANDED = Landed(key="k0", n=1, payload="p", effect_type="order", process="w0")
TOLD = EffectReply(process="w0", op=1, call=1, answer="timeout")
DIED = Died(process="w0")
DONE, FAILED = (Complete(process="w0", op=1, outcome=outcome) for outcome in (Outcome.OK, Outcome.FAIL))
RECONCILED = Reconciled(process="c1", key="k0", answer="resolved")


@pytest.mark.parametrize(
    ("events", "meetings"),
    [
        ([ASKED, LANDED, TOLD], ["enters", "enters", "leaves"]),
        ([ASKED, DIED], ["enters", "leaves"]),
        ([ASKED, FAILED], ["enters", "leaves"]),
        ([ASKED, TOLD, DIED], ["enters", "leaves", ""]),
        ([ASKED, TOLD, FAILED], ["enters", "leaves", ""]),
        ([ASKED, TOLD, DONE], ["enters", "leaves", "leaves"]),
        ([FAILED], [""]),
        ([DIED, RECONCILED], ["", ""]),
    ],
)
def test_who_enters_leaves_when_it_is_told_answers_or_dies(events: Sequence[Event], meetings: list[str]) -> None:
    """Once: who was told has left. An answer OK is one more, for its effect must have landed before."""
    sections = Sections()
    assert [sections.meets(event) for event in events] == meetings
