"""The validator among several servers, after restarts, and where a guard waits for replicas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import redis

from safety_core.idempotency import GuardSettings, Mode, Outcome, SideEffectWrapper
from safety_core.runtime_checks import Expected, Level, RedisRuntimeValidator
from safety_core.tests.servers import BINARIES, another, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from safety_core.runtime_checks import Finding
    from safety_core.tests.servers import Server

AT_ONCE = {"repl-diskless-sync": "no", "repl-diskless-sync-delay": "0", "repl-diskless-load": "swapdb"}
EACH_SERVER = pytest.mark.parametrize("primary", BINARIES, indirect=True)


def durable(wait_replicas: int, **settings: Any) -> Expected:
    """Return what a guard expects that waits for replicas."""
    return Expected(settings=GuardSettings(mode=Mode.DURABLE, wait_replicas=wait_replicas, **settings))


def found(server: Server, check: str, expected: Expected | None = None) -> Finding:
    """Return what one check finds on a server."""
    finding = RedisRuntimeValidator(server.url, expected=expected).validate().of(check)
    assert finding is not None
    return finding


@pytest.fixture(params=["packaged"])
def primary(redis_server: Server, request: pytest.FixtureRequest) -> Iterator[Server]:
    """Yield a sound server."""
    binary = BINARIES[request.param](redis_server)
    kept = {"appendonly": True, "appendfsync": "always", "config": AT_ONCE}
    with another(redis_server, binary=binary, controlled_clock=False, **kept) as server:
        yield server


@pytest.fixture
def replica(primary: Server) -> Iterator[Server]:
    """Yield its replica, in sync."""
    with another(primary, binary=primary.binary, appendonly=True, appendfsync="always", config=AT_ONCE) as server:
        with server.client() as client:
            client.replicaof("127.0.0.1", str(primary.port))
        assert eventually(lambda: "1 good replicas of 1" in found(primary, "replicas").seen)
        yield server


@EACH_SERVER
def test_replica_is_no_place_for_claims(primary: Server, replica: Server) -> None:
    """It answers from the past: CRITICAL, and the primary is named."""
    finding = found(replica, "role")
    assert finding.level is Level.CRITICAL
    assert f"127.0.0.1:{primary.port}" in finding.seen
    report = RedisRuntimeValidator(replica.url).validate()
    assert (report.of("replicas"), report.of("failover")) == (None, None)


def test_failover_is_flagged_unless_the_guard_waits_for_every_replica(primary: Server, replica: Server) -> None:
    """min-replicas-to-write bounds what is lost; only waiting loses nothing."""
    unbounded = found(primary, "failover")
    assert (unbounded.level, unbounded.case.setting) == (Level.WARNING, "min-replicas-to-write 1")
    with primary.client() as client:
        client.config_set("min-replicas-to-write", 1)
    bounded = found(primary, "failover")
    assert (bounded.level, bounded.case.setting) == (Level.WARNING, "")
    assert found(primary, "failover", durable(1)).level is Level.OK
    assert RedisRuntimeValidator(primary.url, expected=durable(1)).validate().level is Level.OK


def test_waiting_for_some_of_the_replicas_is_not_enough(primary: Server, replica: Server) -> None:
    """The one that nobody waited for may be promoted."""
    with another(primary, config=AT_ONCE) as second, second.client() as client:
        client.replicaof("127.0.0.1", str(primary.port))
        assert eventually(lambda: "2 good replicas of 2" in found(primary, "replicas").seen)
        assert found(primary, "failover", durable(1)).level is Level.WARNING
        assert found(primary, "failover", durable(2)).level is Level.OK


@pytest.mark.in_turn(0)
@EACH_SERVER
def test_replica_that_was_cut_off_is_remembered(primary: Server, replica: Server) -> None:
    """A primary alone has nothing to fail over to, unless it had a replica: that one may still be promoted."""
    replica.kill()
    assert eventually(lambda: "0 good replicas of 0" in found(primary, "replicas").seen)
    finding = found(primary, "failover")
    assert (finding.level, "there was one" in finding.seen) == (Level.WARNING, True)
    assert found(primary, "failover", durable(1)).level is Level.OK
    assert found(primary, "replicas", durable(1)).level is Level.CRITICAL


@EACH_SERVER
def test_too_few_replicas_for_the_server_or_for_the_guard(primary: Server, replica: Server) -> None:
    """CRITICAL where the server refuses every write, and where the guard would refuse every claim."""
    assert found(primary, "replicas", durable(1)).level is Level.OK
    waits = found(primary, "replicas", durable(2))
    assert (waits.level, "waits for 2" in waits.seen) == (Level.CRITICAL, True)
    with primary.client() as client:
        client.config_set("min-replicas-to-write", 2)
        refuses = found(primary, "replicas")
        assert (refuses.level, "min-replicas-to-write is 2" in refuses.seen) == (Level.CRITICAL, True)
        with pytest.raises(redis.ResponseError, match="NOREPLICAS"):
            client.set("claim", 1)


def test_replica_that_went_silent_is_flagged(primary: Server, replica: Server) -> None:
    """A stopped process keeps its connection; its silence is what tells."""
    expected = Expected(max_lag_s=0.5)
    replica.pause()
    assert eventually(lambda: found(primary, "replicas", expected).level is Level.WARNING)
    assert "lag" in found(primary, "replicas", expected).seen
    replica.resume()
    assert eventually(lambda: found(primary, "replicas", Expected(max_lag_s=1)).level is Level.OK)


@EACH_SERVER
def test_restarted_server_is_another_one(primary: Server) -> None:
    """Once after the restart; then it is the known one, and a fresh start knows none."""
    validator = RedisRuntimeValidator(primary.url)
    assert validator.validate_on_startup().level is Level.OK
    assert validator.validate().level is Level.OK
    primary.restart()
    report = validator.validate()
    assert [finding.check for finding in report.at(Level.CRITICAL)] == ["same_store"]
    assert validator.validate().level is Level.OK
    primary.restart()
    assert validator.validate_on_startup().level is Level.OK


def test_first_replica_makes_no_other_store_but_a_takeover_does(primary: Server, redis_server: Server) -> None:
    """Both bring a new replication id; only after a takeover the data may be another's."""
    validator = RedisRuntimeValidator(primary.url)
    validator.validate_on_startup()
    with another(primary, config=AT_ONCE) as other, other.client() as client, primary.client() as owner:
        client.replicaof("127.0.0.1", str(primary.port))
        assert eventually(lambda: "1 good" in found(primary, "replicas").seen)
        attached: Any = validator.validate().of("same_store")
        assert (attached.level, "first replica" in attached.seen) == (Level.OK, True)
        client.replicaof("NO", "ONE")
        owner.replicaof("127.0.0.1", str(other.port))
        assert eventually(lambda: owner.info("replication")["master_link_status"] == "up")
        owner.replicaof("NO", "ONE")
        taken: Any = validator.validate().of("same_store")
        assert (taken.level, taken.case.when[:15]) == (Level.CRITICAL, "the same run id")


def test_durable_guard_needs_a_server_that_can_confirm(primary: Server, redis_server: Server) -> None:
    """With an append-only file WAITAOF confirms, whatever appendfsync says; without one nothing does."""
    with primary.client() as client:
        client.config_set("appendfsync", "everysec")
    report = RedisRuntimeValidator(primary.url, expected=durable(0)).validate()
    assert report.level is Level.OK
    assert "WAITAOF" in str(report.of("fsync"))
    assert found(primary, "fsync").level is Level.WARNING
    with SideEffectWrapper(primary.url, settings=durable(0, wait_ms=50).settings) as guard:
        guard.prepare()
        for setting, value, check_level in (
            ("appendfsync", "no", Level.CRITICAL),
            ("appendfsync", "always", Level.OK),
            ("no-appendfsync-on-rewrite", "yes", Level.WARNING),
        ):
            with primary.client() as client:
                client.config_set(setting, value)
            assert found(primary, "confirmation", durable(0)).level is check_level
            answer = guard.execute_once("order", f"{setting}-{value}", lambda claim: "receipt", payload=value)
            refused = answer.outcome is Outcome.REFUSED_STORE_UNSAFE
            assert refused is (check_level is Level.CRITICAL)
    assert found(redis_server, "confirmation", durable(0)).level is Level.CRITICAL
    assert found(redis_server, "confirmation", durable(1)).level is Level.OK
    assert found(redis_server, "confirmation").level is Level.OK
