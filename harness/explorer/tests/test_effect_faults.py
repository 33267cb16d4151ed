"""Each fault of an effect does what its name says: to the venue's book, and to the process that asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from harness.explorer.tests.measuring import IN_BOTH_GATES, measure
from harness.explorer.tests.probes import answers
from harness.faults.registry import ALL
from verify.history.events import Complete, EffectReply, Landed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.redis_server.server import RedisServer
    from verify.history.events import Event


def landed_by_w0(events: Sequence[Event]) -> str:
    """Say when the effect of w0 landed: never, before its answer, or after it."""
    places = [at for at, event in enumerate(events) if isinstance(event, Landed) and event.process == "w0"]
    answered = next(at for at, event in enumerate(events) if isinstance(event, Complete) and event.process == "w0")
    assert len(places) <= 1
    if not places:
        return "never"
    return "before" if places[0] < answered else "after"


class Bite(NamedTuple):
    """What a fault does: to the caller, and to the book as seen from the caller's answer."""

    raised: str
    definite: bool
    answer: str
    landed: set[str]


@IN_BOTH_GATES
@pytest.mark.parametrize(
    ("kind", "bite"),
    [
        ("effect_lost", Bite("EffectTimeout", definite=False, answer="timeout", landed={"never"})),
        ("effect_reply_lost", Bite("EffectTimeout", definite=False, answer="timeout", landed={"before"})),
        ("effect_rejected", Bite("EffectRejected", definite=True, answer="rejected", landed={"never"})),
        ("effect_late", Bite("EffectTimeout", definite=False, answer="timeout", landed={"before", "after"})),
    ],
)
def test_effect_fault_bites_the_book_and_the_caller(
    kind: str, bite: Bite, gate: str, redis_server: RedisServer, tmp_path: Path
) -> None:
    """The line of the book is there or not as the name says, and the caller is told what the name says."""
    explored = measure(redis_server, tmp_path, gate, "performing", kind)
    histories = explored.beginning(f"w0!{kind}")
    assert {landed_by_w0(events) for events in histories} == bite.landed
    for events in histories:
        assert answers(events)["w0"] == {"raised": bite.raised, "definite": bite.definite}
        assert [e.answer for e in events if isinstance(e, EffectReply) and e.process == "w0"] == [bite.answer]


@IN_BOTH_GATES
def test_effect_lands_once_when_nothing_strikes(gate: str, redis_server: RedisServer, tmp_path: Path) -> None:
    """The measure itself: without a fault the effect lands before the answer and nothing is raised."""
    explored = measure(redis_server, tmp_path, gate, "performing", faults=0)
    (events,) = explored.beginning("w0")
    assert landed_by_w0(events) == "before"
    assert answers(events)["w0"] == {"raised": "", "definite": None}


@IN_BOTH_GATES
def test_effect_faults_strike_effects_only(gate: str, redis_server: RedisServer, tmp_path: Path) -> None:
    """A command of the same process is never struck by a fault of effects."""
    kinds = [kind.name for kind in ALL.values() if kind.family.startswith("effect_")]
    explored = measure(redis_server, tmp_path, gate, "performing", *kinds)
    assert {place for kind in kinds for place in explored.record.hits[kind]} == {"1 effect", "recovery effect"}


def test_every_kind_has_a_test_that_it_bites() -> None:
    """A kind that is added to the registry must be added to the tests of this folder."""
    tested = {"request_lost", "reply_lost", "late_request", "error_reply", "crash_before", "crash_after", "pause"}
    tested |= {"advance", "effect_lost", "effect_reply_lost", "effect_rejected", "effect_late"}
    tested |= {"evict", "restart_losing", "failover_losing"}
    assert {kind.family for kind in ALL.values()} == tested
