"""How long a record lives, and what an operator can do about one: wait for its end, or clear its key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from safety_core.idempotency import Outcome
from safety_core.tests.servers import LEASE_S, advance

if TYPE_CHECKING:
    from collections.abc import Callable

    from safety_core.tests.guards import Guard
    from safety_core.tests.servers import Server

RETENTION_S = 3600.0


def fail(_claim: Any) -> Any:
    """Stand in for an effect that certainly did not happen."""
    raise ConnectionRefusedError


def time_out(_claim: Any) -> Any:
    """Stand in for an effect of which nobody heard again."""
    raise TimeoutError


@pytest.mark.parametrize("flavour", ["sync"])
def test_record_of_a_done_effect_ends_with_its_retention(make_guard: Callable[..., Guard], server: Server) -> None:
    """Until then it is replayed; afterwards the memory is free again, and a payload that was a conflict is new."""
    guard = make_guard(retention_s=RETENTION_S)
    done = guard.once()
    advance(server, RETENTION_S - 60)
    assert guard.once().outcome is Outcome.REPLAYED
    assert guard.once(payload="other").outcome is Outcome.CONFLICT
    advance(server, 61)
    assert server.client().exists(done.key) == 0
    assert guard.once(payload="other").outcome is Outcome.EXECUTED


@pytest.mark.parametrize("flavour", ["sync"])
@pytest.mark.parametrize(("effect", "ends"), [(lambda claim: 1, True), (fail, True), (time_out, False)])
def test_only_a_doubt_outlives_the_retention(
    effect: Callable[[Any], Any], make_guard: Callable[..., Guard], server: Server, *, ends: bool
) -> None:
    """What is settled frees its memory by itself; what nobody knows stays until somebody has asked the venue."""
    guard = make_guard(retention_s=RETENTION_S)
    answer = guard.once(effect=effect)
    left_ms: Any = server.client().pttl(answer.key)
    assert (0 < left_ms <= RETENTION_S * 1000) is ends
    assert (left_ms == -1) is not ends


def test_default_retention_is_72_hours(guard: Guard, server: Server) -> None:
    """On the server, not only in the settings."""
    left_ms: Any = server.client().pttl(guard.once().key)
    assert 72 * 3600 - LEASE_S < left_ms / 1000 <= 72 * 3600


def test_operator_who_clears_a_key_lets_its_effect_run_again(guard: Guard, server: Server) -> None:
    """The answer names the Redis key of the collision, and deleting that one frees it and no other."""
    guard.once("other")
    guard.once("one")
    collision = guard.once("one", payload="other")
    assert (collision.outcome, guard.runs) == (Outcome.CONFLICT, 2)
    assert server.client().delete(collision.key) == 1
    assert guard.once("one", payload="other").outcome is Outcome.EXECUTED
    assert guard.once("other").outcome is Outcome.REPLAYED
