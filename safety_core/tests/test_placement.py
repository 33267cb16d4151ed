"""The two-tuple helpers and the adapter around an object that is not touched."""

from __future__ import annotations

import warnings
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from safety_core.idempotency import (
    ExecutionGuardAdapter,
    GuardedMethod,
    MissingIntentWarning,
    Outcome,
    SettingsError,
    SideEffectWrapper,
    placement,
    wrap_ledger_entry,
    wrap_order_placement,
    wrap_pnl_write,
    wrap_position_update,
    wrap_signal_emission,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import redis

    from safety_core.tests.servers import Server


@pytest.fixture
def client(server: Server) -> Iterator[redis.Redis]:
    """Yield a client of a prepared server, as a caller of the helpers has one."""
    client = server.client()
    guard = placement.guard_for(client)
    guard.prepare()
    yield client
    guard.close()


def test_order_is_placed_once_and_its_result_replayed(client: redis.Redis) -> None:
    """The shape of the first version stays: executed, result."""
    placed: list[str] = []

    def place() -> str:
        placed.append("order")
        return "receipt"

    executed, result = wrap_order_placement(client, place, "BTCUSDT", "BUY", 0.1, intent_id="i1")
    assert (executed, result) == (True, "receipt")
    executed, result = wrap_order_placement(client, place, "BTCUSDT", "buy", Decimal("0.10"), intent_id="i1")
    assert (executed, result, placed) == (False, "receipt", ["order"])


def test_same_intent_with_another_quantity_is_a_conflict(client: redis.Redis) -> None:
    """A bug of the caller must not become a second order."""
    assert wrap_order_placement(client, lambda: 1, "BTCUSDT", "BUY", 1, intent_id="i").executed
    assert wrap_order_placement(client, lambda: 1, "BTCUSDT", "BUY", 2, intent_id="i").outcome is Outcome.CONFLICT


def test_two_wanted_equal_orders_are_two_orders(client: redis.Redis) -> None:
    """That is what an intent id is for."""
    answers = [wrap_order_placement(client, lambda: 1, "BTCUSDT", "BUY", 1, intent_id=name) for name in ("a", "b")]
    assert [answer.outcome for answer in answers] == [Outcome.EXECUTED] * 2


def test_leaving_the_intent_out_warns_once_and_merges_equal_orders(
    client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The documented price of naming an effect by its content."""
    monkeypatch.setattr(placement, "_warned", set())
    with pytest.warns(MissingIntentWarning, match="intent_id"):
        first = wrap_order_placement(client, lambda: 1, "BTCUSDT", "BUY", 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        second = wrap_order_placement(client, lambda: 2, "BTCUSDT", "BUY", "1.0")
    assert [first.outcome, second.outcome] == [Outcome.EXECUTED, Outcome.REPLAYED]


def test_sisters_guard_the_four_other_effects(client: redis.Redis) -> None:
    """Position, ledger, PnL and signal of one intent are four effects of their own."""
    for _ in range(2):
        answers = [
            wrap_position_update(client, lambda: 1, "BTCUSDT", 1, intent_id="i"),
            wrap_ledger_entry(client, lambda: 1, "main", "1.50", "EUR", intent_id="i"),
            wrap_pnl_write(client, lambda: 1, "trend", "2026-01", -3, intent_id="i"),
            wrap_signal_emission(client, lambda: 1, "trend", "BTCUSDT", "up", intent_id="i"),
        ]
    assert [answer.outcome for answer in answers] == [Outcome.REPLAYED] * 4
    assert [str(answer.effect_type) for answer in answers] == ["position", "ledger", "pnl", "signal"]


class Execution:
    """An execution module that knows nothing of guards."""

    venue = "spot"

    def __init__(self) -> None:
        self.sent: list[tuple[str, str | None]] = []

    def place(self, intent: str, *, quantity: float, client_id: str | None = None) -> str:
        """Place an order."""
        self.sent.append((intent, client_id))
        return f"{intent}: {quantity:g}"

    def cancel(self, intent: str) -> str:
        """Cancel an order."""
        return f"cancelled {intent}"


HOW = GuardedMethod(
    effect_type="order", entity_id=lambda intent, **_: f"order/{intent}", client_order_id_as="client_id"
)


def test_adapter_guards_chosen_methods_and_passes_the_rest_through(client: redis.Redis) -> None:
    """The object is used as before; only the chosen method answers a GuardResult."""
    execution = Execution()
    adapter = ExecutionGuardAdapter(placement.guard_for(client), execution, {"place": HOW})
    first = adapter.place("i", quantity=1)
    assert (first.outcome, first.result) == (Outcome.EXECUTED, "i: 1")
    assert adapter.place("i", quantity=1).outcome is Outcome.REPLAYED
    assert adapter.place("i", quantity=2).outcome is Outcome.CONFLICT
    assert execution.sent == [("i", first.client_order_id)]
    assert (adapter.cancel("i"), adapter.venue) == ("cancelled i", "spot")
    assert type(execution).place is Execution.place
    assert "place" not in vars(execution)


def test_adapter_hands_the_claim_to_a_method_that_asks_for_it(client: redis.Redis) -> None:
    """Fence and validity can travel with the request."""
    seen: list[Any] = []

    class Venue:
        def send(self, *, claim: Any) -> None:
            seen.append(claim)

    how = GuardedMethod(effect_type="order", entity_id=lambda: "one", payload=dict, claim_as="claim")
    adapter = ExecutionGuardAdapter(placement.guard_for(client), Venue(), {"send": how})
    answer = adapter.send()
    assert (seen[0].fence, seen[0].client_order_id) == (1, answer.client_order_id)
    assert seen[0].valid_until_ms - seen[0].lease_until_ms == 60_000


def test_adapter_refuses_to_guard_what_is_not_there() -> None:
    """A misspelt method would leave the real one unguarded."""
    with pytest.raises(SettingsError, match="plcae"):
        ExecutionGuardAdapter(SideEffectWrapper("redis://127.0.0.1:1"), Execution(), {"plcae": HOW})
