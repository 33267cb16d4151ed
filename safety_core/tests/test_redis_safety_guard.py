"""A guard that was given the validator: it asks on startup and after every reconnect, and heeds what is CRITICAL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from safety_core.idempotency import Outcome
from safety_core.runtime_checks import Level, RedisRuntimeValidator
from safety_core.tests.servers import another

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from safety_core.runtime_checks import SafetyReport
    from safety_core.tests.guards import Guard
    from safety_core.tests.servers import Server


@pytest.fixture
def server(redis_server: Server) -> Iterator[Server]:
    """Yield a sound server."""
    with another(redis_server, appendonly=True, appendfsync="always") as server:
        yield server


def test_guard_on_a_sound_server_asks_once_per_connection(make_guard: Callable[..., Guard], server: Server) -> None:
    """Claims go through, and a connection that stays is not asked again."""
    reports: list[SafetyReport] = []
    guard = make_guard(validator=RedisRuntimeValidator(server.url, on_report=reports.append))
    assert guard.once("first").outcome is Outcome.EXECUTED
    asked = len(reports)
    assert asked == 1
    assert reports[0].level is Level.OK
    assert guard.once("second").outcome is Outcome.EXECUTED
    # The asyncio guard of these tests makes a connection for each call.
    assert len(reports) == asked + (guard.flavour == "async")


def test_guard_refuses_an_unsafe_server_until_it_is_mended(make_guard: Callable[..., Guard], server: Server) -> None:
    """No effect runs, the reason is the sentence, and mending is enough."""
    with server.client() as client:
        client.config_set("appendonly", "no")
        guard = make_guard(validator=RedisRuntimeValidator(server.url))
        refused = guard.once()
        assert (refused.outcome, refused.executed, guard.runs) == (Outcome.REFUSED_STORE_UNSAFE, False, 0)
        assert "CONFIG SET appendonly yes" in (refused.reason or "")
        client.config_set("appendonly", "yes")
    assert (guard.once().outcome, guard.runs) == (Outcome.EXECUTED, 1)


def test_setting_that_went_wrong_is_seen_after_the_next_reconnect(
    make_guard: Callable[..., Guard], server: Server
) -> None:
    """A check on startup alone would miss it."""
    guard = make_guard(validator=RedisRuntimeValidator(server.url))
    assert guard.once("before").outcome is Outcome.EXECUTED
    with server.client() as client:
        client.config_set("maxmemory", "100mb")
        client.config_set("appendonly", "no")
        client.client_kill_filter(_type="normal", skipme=True)
    # A blocking guard notices the cut by losing a reply; it asks again on the fresh connection.
    after = guard.once("after")
    assert (after.executed, guard.runs) == (False, 1)
    assert "append_only_file" in (after.reason or "")


def test_guard_goes_on_where_config_is_forbidden(make_guard: Callable[..., Guard], server: Server) -> None:
    """UNKNOWN is reported and refuses nothing: a managed server can be used, by somebody who was told."""
    with server.client() as client:
        client.execute_command("ACL", "SETUSER", "limited", "reset", "on", ">pw", "~*", "+@all", "-config")
    validator = RedisRuntimeValidator(server.url)
    url = server.tcp_url.replace("redis://", "redis://limited:pw@")
    guard = make_guard(url=url, validator=validator)
    with server.client() as client:
        before = client.info("stats")["total_connections_received"]
        assert (guard.once().outcome, guard.runs) == (Outcome.EXECUTED, 1)
        # A refusal does not cost the connection: the blocking guard has one already, the asyncio one makes one.
        made = client.info("stats")["total_connections_received"] - before
        assert made == (guard.flavour == "async")
    assert validator.last is not None
    assert [finding.check for finding in validator.last.at(Level.UNKNOWN)] == ["fsync"]


def test_restarted_server_is_left_to_the_quarantine(make_guard: Callable[..., Guard], server: Server) -> None:
    """The validator reports another store; the guard's own answer to that is not doubled."""
    validator = RedisRuntimeValidator(server.url)
    guard = make_guard(validator=validator)
    guard.once("before")
    server.restart()
    refused = guard.once("after")
    assert refused.outcome in {Outcome.REFUSED_STORE_UNSAFE, Outcome.CLAIM_UNKNOWN}
    assert "quarantine" in (refused.reason or "")
    assert "same_store" not in (refused.reason or "")
    assert validator.last is not None
    assert [finding.check for finding in validator.last.at(Level.CRITICAL)] == ["same_store"]
