"""The validator on one server: what is sound is OK, what is not is flagged, and the line it names mends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import redis

from safety_core.runtime_checks import Expected, Level, RedisRuntimeValidator
from safety_core.runtime_checks.checks.registry import ALL
from safety_core.tests.servers import BINARIES, another, eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from safety_core.runtime_checks import Finding
    from safety_core.tests.servers import Server

SOUND = {"appendonly": "yes", "appendfsync": "always"}

WRONG: dict[str, tuple[dict[str, str], str, Level]] = {
    "no-persistence": ({"appendonly": "no"}, "append_only_file", Level.CRITICAL),
    "snapshots-only": ({"appendonly": "no", "save": "60 1"}, "append_only_file", Level.CRITICAL),
    "everysec": ({"appendfsync": "everysec"}, "fsync", Level.WARNING),
    "no-fsync": ({"appendfsync": "no"}, "fsync", Level.WARNING),
    "no-fsync-on-rewrite": ({"no-appendfsync-on-rewrite": "yes"}, "fsync", Level.WARNING),
    "evicts-at-the-limit": ({"maxmemory": "100mb", "maxmemory-policy": "volatile-ttl"}, "eviction", Level.CRITICAL),
    "evicts-any-key": ({"maxmemory": "100mb", "maxmemory-policy": "allkeys-lru"}, "eviction", Level.CRITICAL),
    "would-evict": ({"maxmemory-policy": "allkeys-random"}, "eviction", Level.WARNING),
}


@pytest.fixture(params=BINARIES)
def start(request: pytest.FixtureRequest, redis_server: Server) -> Iterator[Callable[..., Server]]:
    """Yield what starts servers of each binary in turn, sound but for the directives given."""
    made: list[Any] = []

    def started(**directives: str) -> Server:
        binary = BINARIES[request.param](redis_server)
        config = {**SOUND, **{name.replace("_", "-"): value for name, value in directives.items()}}
        made.append(another(redis_server, binary=binary, controlled_clock=False, config=config))
        return made[-1].__enter__()  # type: ignore[no-any-return]

    yield started
    for server in made:
        server.__exit__()


def found(server: Server, check: str, **expected: Any) -> Finding:
    """Return what one check finds on a server."""
    finding = RedisRuntimeValidator(server.url, expected=Expected(**expected)).validate().of(check)
    assert finding is not None
    return finding


def test_single_server_that_fsyncs_every_write_and_never_evicts_is_ok(start: Callable[..., Server]) -> None:
    """A validator that cries wolf is switched off: nothing at all is flagged here."""
    server = start()
    report = RedisRuntimeValidator(server.client()).validate_on_startup()
    assert report.flagged == ()
    assert report.level is Level.OK
    # These two are found only where the validator was told of them.
    told_nothing = {"retention", "audit_folder"}
    assert [finding.check for finding in report.findings] == [
        check.name for check in ALL if check.name not in told_nothing
    ]
    assert report.server.split()[0] in {"redis", "valkey"}
    report.require_safe()


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_setting_is_flagged_and_its_line_mends_it(wrong: str, start: Callable[..., Server]) -> None:
    """The finding names the promise and a line; typing that line into the server ends the finding."""
    config, check, level = WRONG[wrong]
    server = start(**config)
    finding = found(server, check)
    assert finding.level is level
    assert str(finding.case.endangers) in finding.sentence
    assert finding.case.config_set in finding.sentence
    with server.client() as client:
        client.execute_command(*finding.case.config_set.split())
    assert eventually(lambda: found(server, check).level is Level.OK)


def test_server_with_everything_wrong_is_told_all_of_it(start: Callable[..., Server]) -> None:
    """One look finds everything, and each sentence stands alone."""
    server = start(
        appendonly="no", save="60 1", maxmemory="1mb", maxmemory_policy="allkeys-lru", min_replicas_to_write="1"
    )
    (server.folder / "dump.rdb").mkdir()
    with server.client() as client:
        client.bgsave()
        assert eventually(lambda: client.info("persistence")["rdb_last_bgsave_status"] == "err")
    report = RedisRuntimeValidator(server.url).validate()
    critical = {finding.check for finding in report.at(Level.CRITICAL)}
    assert critical - {"memory"} == {"append_only_file", "eviction", "replicas", "snapshots"}
    assert report.level is Level.CRITICAL
    assert len(report.sentences) == len(report.flagged) >= len(critical)
    assert all("To mend it: " in sentence for sentence in report.sentences)


def test_memory_limit_is_seen_before_and_when_it_is_reached(start: Callable[..., Server]) -> None:
    """A WARNING near the limit; CRITICAL at it, where the server does refuse a write."""
    server = start()
    with server.client() as client:
        for number in range(200):
            client.set(f"filler{number}", b"x" * 100_000)
        client.config_set("maxmemory", client.info("memory")["used_memory"] + 2_000_000)
        assert found(server, "memory").level is Level.WARNING
        assert found(server, "memory", headroom=0.01).level is Level.OK
        client.config_set("maxmemory", 10_000_000)
        assert found(server, "memory", headroom=0, records_per_s=1000).level is Level.CRITICAL
        with pytest.raises(redis.ResponseError, match="used memory"):
            client.set("claim", 1)


def test_memory_that_the_retention_needs_is_compared_with_the_limit(start: Callable[..., Server]) -> None:
    """100 records per second for 72 hours of 1 KiB each are 26 GB."""
    server = start(maxmemory="20gb")
    assert found(server, "memory").level is Level.OK
    finding = found(server, "memory", records_per_s=100)
    assert finding.level is Level.WARNING
    assert "26542080000" in finding.seen
    assert found(server, "memory", records_per_s=70).level is Level.OK


def test_keys_that_were_evicted_before_are_remembered(start: Callable[..., Server]) -> None:
    """A policy that was mended today does not bring back what it dropped."""
    server = start(maxmemory="3mb", maxmemory_policy="allkeys-lru")
    with server.client() as client:
        for number in range(60):
            client.set(f"key{number}", b"x" * 100_000)
        client.config_set("maxmemory-policy", "noeviction")
        finding = found(server, "eviction")
        assert (finding.level, "evicted_keys" in finding.seen) == (Level.WARNING, True)
        client.config_resetstat()
    assert found(server, "eviction").level is Level.OK


def test_mark_that_a_full_store_refuses_is_foreseen(start: Callable[..., Server]) -> None:
    """Only servers that know no script flags refuse it, and only those with a limit can be full."""
    server = start()
    with server.client() as client:
        is_old = int(client.info("server")["redis_version"].partition(".")[0]) < 7
    assert found(server, "script_flags").level is Level.OK
    limited = start(maxmemory="100mb")
    assert found(limited, "script_flags").level is (Level.WARNING if is_old else Level.OK)


def test_failed_snapshot_stops_writes_only_where_the_server_says_so(start: Callable[..., Server]) -> None:
    """CRITICAL while every write is refused; a WARNING where writes go on."""
    server = start(save="60 1")
    (server.folder / "dump.rdb").mkdir()
    with server.client() as client:
        client.bgsave()
        assert eventually(lambda: client.info("persistence")["rdb_last_bgsave_status"] == "err")
        assert found(server, "snapshots").level is Level.CRITICAL
        client.config_set("stop-writes-on-bgsave-error", "no")
        assert found(server, "snapshots").level is Level.WARNING
        client.config_set("stop-writes-on-bgsave-error", "yes")
        client.config_set("save", "")
        assert found(server, "snapshots").level is Level.WARNING


def test_first_append_only_file_counts_when_it_is_whole(start: Callable[..., Server]) -> None:
    """Between CONFIG SET appendonly yes and the end of the rewrite a kill loses everything."""
    server = start(appendonly="no", rdb_key_save_delay="2000")
    with server.client() as client:
        for number in range(500):
            client.set(f"key{number}", "x")
        client.config_set("appendonly", "yes")
        assert found(server, "append_only_file").level is Level.WARNING
    assert eventually(lambda: found(server, "append_only_file").level is Level.OK)


def test_looking_changes_nothing(start: Callable[..., Server]) -> None:
    """Keys, settings and scripts are as before, and only questions were asked."""
    server = start()
    with server.client() as client:
        client.set("mine", 1)

        def state() -> tuple[Any, ...]:
            info = client.info("everything")
            counted = ("rdb_changes_since_last_save", "number_of_cached_scripts", "aof_current_size")
            return client.config_get("*"), client.dbsize(), *(info.get(name) for name in counted)

        before = state()
        client.config_resetstat()
        RedisRuntimeValidator(server.url).validate()
        asked = {name.removeprefix("cmdstat_").split("|")[0] for name in client.info("commandstats")}
        assert asked <= {"info", "config", "command"}
        assert state() == before
