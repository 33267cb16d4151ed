"""What a step touched is told key by key, as the checkers ask, and names do not depend on which key came first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.explorer.search.footprint import independent
from harness.explorer.world.trace import Trace
from verify.history.events import EffectCall, EffectReply, Invoke

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.explorer.search.footprint import Footprint

KEYS = ("k0:1", "k0")


def called(now_ns: Callable[[], int] | None = None, keys: tuple[str, str] = KEYS) -> Trace:
    """Return the trace of a schedule in which w0 and w1 were called with a key each."""
    trace = Trace("k0", now_ns)
    for op, key in enumerate(keys, start=1):
        trace.event(Invoke(process=f"w{op - 1}", op=op, key=key, payload="p"))
    return trace


def asked(trace: Trace, process: str, key: str) -> Footprint:
    """Let a process ask the venue, and return what it touched."""
    trace.event(EffectCall(process=process, op=int(process[1:]) + 1, call=1, key=key, payload="p"))
    trace.touch(writes=(trace.at_venue(key),))
    return trace.decided(process, process, 0)


def told(trace: Trace, process: str) -> Footprint:
    """Let a process be answered by the venue, and return what that touched."""
    trace.event(EffectReply(process=process, op=int(process[1:]) + 1, call=1, answer="timeout"))
    return trace.decided(process, process, 1)


@pytest.mark.parametrize(
    ("now_ns", "keys", "are_apart"),
    [(None, KEYS, True), (None, (KEYS[0], KEYS[0]), False), (lambda: 0, KEYS, False)],
    ids=["two keys", "one key", "two keys, with limits that hold for both"],
)
def test_what_is_judged_apart_may_trade_places(
    now_ns: Callable[[], int] | None, keys: tuple[str, str], *, are_apart: bool
) -> None:
    """Requests, and a request and the answer to another one, depend on each other where one checker sees both."""
    trace = called(now_ns, keys)
    first, second = asked(trace, "w0", keys[0]), asked(trace, "w1", keys[1])
    answer = told(trace, "w0")
    assert independent(first, second) is are_apart
    assert independent(answer, second) is are_apart


def test_an_order_id_is_named_by_its_key_whichever_came_first() -> None:
    """Two schedules that differ in which key was done first give the same names."""
    usual, other = called(), called()
    first, second = KEYS
    named = [usual.order_id("A17", first), usual.order_id("B17", first), usual.order_id("C17", second)]
    again = [other.order_id("C17", second), other.order_id("A17", first), other.order_id("B17", first)]
    assert named == ["o1", "o2", "o1'"]
    assert again == ["o1'", "o1", "o2"]
    assert usual.order_id("A17", second) == "o1"
    assert usual.plain("B17 and C17") == "o2 and o1'"
