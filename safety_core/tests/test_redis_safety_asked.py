"""What the validator is told: a memory budget, accepted policies, redeliveries, the audit folder, and a metric."""

from __future__ import annotations

import resource
import sys
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client import CollectorRegistry

from safety_core.idempotency import GuardSettings, SettingsError, SideEffectWrapper, StoreUnsafeError
from safety_core.runtime_checks import Expected, Level, RedisRuntimeValidator
from safety_core.runtime_checks.audit_folder import look_at
from safety_core.runtime_checks.metrics import SafetyMetric
from safety_core.tests.servers import another

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from safety_core.runtime_checks import Finding
    from safety_core.tests.servers import Server

MIB = 1024 * 1024


@pytest.fixture
def sound(redis_server: Server) -> Iterator[Server]:
    """Yield a server of which nothing bad can be said."""
    with another(redis_server, appendonly=True, appendfsync="always") as server:
        yield server


def found(server: Server, check: str, **expected: Any) -> Finding:
    """Return what one check finds on a server."""
    finding = RedisRuntimeValidator(server.url, expected=Expected(**expected)).validate().of(check)
    assert finding is not None
    return finding


def test_memory_over_its_budget_is_flagged(sound: Server) -> None:
    """The server has no limit of its own here, so that the budget alone tells."""
    assert found(sound, "memory", budget_bytes=100 * MIB).level is Level.OK
    finding = found(sound, "memory", budget_bytes=1000)
    assert (finding.level, "the budget is 1000" in finding.seen) == (Level.WARNING, True)


def test_records_that_need_more_than_the_budget_are_flagged(sound: Server) -> None:
    """The retention fills the budget long before it fills the machine."""
    one_a_second = {"records_per_s": 1.0, "record_bytes": 1024}
    needed = 259200 * 1024
    assert found(sound, "memory", budget_bytes=needed, **one_a_second).level is Level.OK
    finding = found(sound, "memory", budget_bytes=needed - 1, **one_a_second)
    assert (finding.level, f"the limit is {needed - 1}" in finding.seen) == (Level.WARNING, True)


def test_accepted_policy_is_flagged_less_and_never_ok(sound: Server) -> None:
    """Somebody's word does not keep a record; it only lets the guard go on."""
    with sound.client() as client:
        client.config_set("maxmemory", 100 * MIB)
        client.config_set("maxmemory-policy", "volatile-lru")
    assert found(sound, "eviction").level is Level.CRITICAL
    assert found(sound, "eviction", accepted_policies=("allkeys-lru",)).level is Level.CRITICAL
    finding = found(sound, "eviction", accepted_policies=("volatile-lru",))
    assert finding.level is Level.WARNING
    assert "of one key at most one effect lands" in finding.sentence
    assert "CONFIG SET maxmemory-policy noeviction" in finding.sentence


def test_record_that_ends_before_the_job_comes_back_is_flagged(sound: Server) -> None:
    """A job queue that keeps failed jobs for a year redelivers into an empty memory."""
    assert RedisRuntimeValidator(sound.url).validate().of("retention") is None
    assert found(sound, "retention", redelivered_within_s=86400.0).level is Level.OK
    finding = found(sound, "retention", redelivered_within_s=31536000.0)
    assert (finding.level, "minted_at" in finding.sentence) == (Level.WARNING, True)
    longer = GuardSettings(retention_s=31536001.0)
    assert found(sound, "retention", redelivered_within_s=31536000.0, settings=longer).level is Level.OK


@pytest.mark.parametrize("wrong", [{"accepted_policies": ("noeviction",)}, {"budget_bytes": 0}], ids=str)
def test_expectation_that_means_nothing_is_refused(wrong: dict[str, Any]) -> None:
    """The message names what was given."""
    with pytest.raises(SettingsError, match=r"is '?(noeviction|0)"):
        Expected(**wrong)


def test_audit_folder_must_be_there_and_take_a_file(sound: Server, tmp_path: Path) -> None:
    """Tried with a real file, which leaves nothing behind; mending it is enough."""
    folder = tmp_path / "audit"
    validator = RedisRuntimeValidator(sound.url, audit_folder=folder)
    report = validator.validate_on_startup()
    (missing,) = report.at(Level.CRITICAL)
    assert (missing.check, f"{folder} is not there" in missing.seen) == ("audit_folder", True)
    with pytest.raises(StoreUnsafeError, match="make the folder"):
        report.require_safe()
    folder.write_text("", encoding="utf-8")
    assert "is no folder" in str(validator.validate().of("audit_folder"))
    folder.unlink()
    folder.mkdir()
    assert validator.validate().level is Level.OK
    assert list(folder.iterdir()) == []


def test_audit_folder_that_takes_no_file_is_critical(sound: Server) -> None:
    """A folder of the kernel's: it is there, and nobody can write into it."""
    finding = RedisRuntimeValidator(sound.url, audit_folder="/proc").validate().of("audit_folder")
    assert finding is not None
    assert (finding.level, "could not be written" in finding.seen) == (Level.CRITICAL, True)
    assert "audit records are written" in finding.sentence


def test_audit_folder_on_a_full_disk_is_found_out(tmp_path: Path) -> None:
    """To open a file is not enough: here not one byte goes into it."""
    assert look_at(tmp_path).trouble == ""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        folder = look_at(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (folder.exists, folder.trouble) == (True, "File too large")


def test_audit_folder_is_looked_at_where_the_server_is_gone(sound: Server, tmp_path: Path) -> None:
    """Two things are wrong, and both are told."""
    validator = RedisRuntimeValidator(sound.tcp_url, audit_folder=tmp_path / "audit")
    sound.kill()
    report = validator.validate_on_startup()
    assert [finding.check for finding in report.findings] == ["reachable", "audit_folder"]
    assert (report.is_unreachable, report.level) == (True, Level.CRITICAL)


def test_guard_that_connects_again_does_not_write_into_the_audit_folder(sound: Server, tmp_path: Path) -> None:
    """A claim waits for no disk but the store's: without the folder the guard goes on."""
    validator = RedisRuntimeValidator(sound.url, audit_folder=tmp_path / "missing")
    with SideEffectWrapper(sound.url, validator=validator) as guard:
        guard.prepare()
        assert guard.execute_once("order", "one", lambda claim: 1, payload={}).executed
    assert validator.last is not None
    assert validator.last.of("audit_folder") is None


def test_warnings_are_a_gauge_that_follows_the_latest_look(sound: Server, redis_server: Server) -> None:
    """1 for what is flagged, 0 when it was mended; two stores do not meet."""
    registry = CollectorRegistry()
    metric = SafetyMetric(registry)

    def on() -> set[tuple[str, str, str]]:
        (gauge,) = registry.collect()
        assert gauge.name == "redis_safety_warning"
        return {(one.labels["store"], one.labels["check"], one.labels["level"]) for one in gauge.samples if one.value}

    first = RedisRuntimeValidator(sound.url, on_report=metric.of("first"))
    second = RedisRuntimeValidator(redis_server.url, on_report=metric.of("second"))
    first.validate()
    assert on() == set()
    second.validate()
    with sound.client() as client:
        client.config_set("appendfsync", "everysec")
        first.validate()
        assert on() == {("first", "fsync", "WARNING"), ("second", "append_only_file", "CRITICAL")}
        client.config_set("appendfsync", "always")
    first.validate()
    assert on() == {("second", "append_only_file", "CRITICAL")}
    redis_server.kill()
    second.validate()
    assert on() == {("second", "reachable", "UNKNOWN")}


def test_guard_reports_to_the_gauge_after_every_reconnect(sound: Server) -> None:
    """What went wrong meanwhile is on the gauge before the next claim."""
    registry = CollectorRegistry()
    validator = RedisRuntimeValidator(sound.url, on_report=SafetyMetric(registry).of())
    labels = {"store": "default", "check": "fsync", "level": "WARNING"}
    with SideEffectWrapper(sound.url, validator=validator) as guard, sound.client() as client:
        guard.prepare()
        guard.execute_once("order", "one", lambda claim: 1, payload={})
        assert registry.get_sample_value("redis_safety_warning", labels) == 0
        client.config_set("appendfsync", "everysec")
        client.client_kill_filter(_type="normal", skipme=True)
        assert guard.execute_once("order", "two", lambda claim: 1, payload={}).executed
    assert registry.get_sample_value("redis_safety_warning", labels) == 1


def test_metric_without_its_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest of the runtime checks does without it."""
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    monkeypatch.delitem(sys.modules, "safety_core.runtime_checks.metrics")
    with pytest.raises(ImportError, match=r"stormproof\[metrics\]"):
        __import__("safety_core.runtime_checks.metrics")
