"""What the validator may not see is UNKNOWN and named, never OK; what it can see another way it sees."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
from typing import TYPE_CHECKING, Any

import pytest
import redis.sentinel

from safety_core.idempotency import SettingsError, StoreUnsafeError
from safety_core.runtime_checks import Expected, Level, RedisRuntimeValidator
from safety_core.tests.test_redis_safety import SOUND, WRONG, start

if TYPE_CHECKING:
    from collections.abc import Callable

    from safety_core.runtime_checks import SafetyReport
    from safety_core.tests.relay import Relay
    from safety_core.tests.servers import Server

__all__ = ["start"]
NEED_CONFIG = {"fsync"}


def levels(report: SafetyReport) -> dict[str, Level]:
    """Return the level of every check."""
    return {finding.check: finding.level for finding in report.findings}


def as_user(server: Server, *rules: str) -> str:
    """Return a URL of a user who may do what the rules say."""
    with server.client() as client:
        client.execute_command("ACL", "SETUSER", "limited", "reset", "on", ">pw", "~*", *rules)
    return server.tcp_url.replace("redis://", "redis://limited:pw@")


@pytest.mark.parametrize("rules", [("-config",), ("-config", "+config|set")], ids=" ".join)
def test_setting_that_config_may_not_show_is_unknown(rules: tuple[str, ...], start: Callable[..., Server]) -> None:
    """The finding names the question and the server's words; what INFO says is judged all the same."""
    url = as_user(start(), "+@all", *rules)
    report = RedisRuntimeValidator(url).validate()
    assert {name for name, level in levels(report).items() if level is Level.UNKNOWN} == NEED_CONFIG
    assert {level for name, level in levels(report).items() if name not in NEED_CONFIG} == {Level.OK}
    assert report.level is Level.UNKNOWN
    (sentence,) = report.sentences
    assert "CONFIG GET appendfsync was refused" in sentence
    assert "permissions" in sentence
    assert "+config|get" in sentence
    report.require_safe()


def test_config_that_the_provider_has_taken_away_is_unknown(redis_server: Server) -> None:
    """As managed servers do it: the command is not there at all."""
    with type(redis_server)(config={**SOUND, "rename-command": 'CONFIG ""'}) as server:  # type: ignore[call-arg]
        report = RedisRuntimeValidator(server.url).validate()
    assert report.at(Level.UNKNOWN) == (report.of("fsync"),)
    assert "unknown command" in str(report.of("fsync"))


def test_what_is_critical_outranks_what_is_unknown(start: Callable[..., Server]) -> None:
    """INFO alone is enough to see that nothing is kept."""
    server = start(appendonly="no", maxmemory="1gb", maxmemory_policy="volatile-lru")
    report = RedisRuntimeValidator(as_user(server, "+@all", "-config")).validate()
    assert {finding.check for finding in report.at(Level.CRITICAL)} == {"append_only_file", "eviction"}
    assert report.level is Level.CRITICAL
    with pytest.raises(StoreUnsafeError, match=r"eviction: .*CONFIG SET maxmemory-policy noeviction"):
        report.require_safe()


def test_without_info_the_settings_are_still_judged(start: Callable[..., Server]) -> None:
    """Role, replicas and state are UNKNOWN; the policy and the file are known from CONFIG GET."""
    report = RedisRuntimeValidator(as_user(start(), "+@all", "-info")).validate()
    seen = levels(report)
    assert [seen[name] for name in ("append_only_file", "fsync", "eviction")] == [Level.OK, Level.OK, Level.UNKNOWN]
    assert "evicted_keys" in str(report.of("eviction"))
    unknown = {"version", "loading", "same_store", "role", "replicas", "failover", "memory", "snapshots"}
    assert {name for name, level in seen.items() if level is Level.UNKNOWN} == {
        *unknown,
        "append_only_writes",
        "eviction",
    }
    wrong = RedisRuntimeValidator(as_user(start(maxmemory="1gb", maxmemory_policy="volatile-lru"), "+@all", "-info"))
    assert levels(wrong.validate())["eviction"] is Level.CRITICAL


def test_user_who_may_read_nothing_is_told_nothing_is_known(start: Callable[..., Server]) -> None:
    """Every check but the connection is UNKNOWN; none is OK by accident."""
    report = RedisRuntimeValidator(as_user(start(), "+ping")).validate()
    seen = levels(report)
    assert seen.pop("reachable") is Level.OK
    assert set(seen.values()) == {Level.UNKNOWN}


def test_commands_that_cannot_be_asked_for_are_known_from_the_version(start: Callable[..., Server]) -> None:
    """Without COMMAND INFO the version tells the same."""
    server = start()
    told = RedisRuntimeValidator(server.url).validate()
    guessed = RedisRuntimeValidator(as_user(server, "+@all", "-command")).validate()
    assert [guessed.of(name) for name in ("confirmation", "script_flags")] == [
        told.of(name) for name in ("confirmation", "script_flags")
    ]


def test_server_that_is_gone_is_unknown(start: Callable[..., Server]) -> None:
    """One finding, no exception; and nothing about its last state is carried over."""
    server = start()
    validator = RedisRuntimeValidator(server.tcp_url)
    assert validator.validate_on_startup().level is Level.OK
    server.kill()
    report = validator.validate()
    assert (report.level, report.is_unreachable, len(report.findings)) == (Level.UNKNOWN, True, 1)
    assert "refused" in report.sentences[0]


def test_password_is_used_and_a_wrong_one_is_named(start: Callable[..., Server]) -> None:
    """The right one sees everything, the wrong one nothing, and neither stands in the report."""
    url = as_user(start(), "+@all")
    report = RedisRuntimeValidator(url).validate()
    assert report.level is Level.OK
    assert "pw" not in str(report.to_object())
    for wrong in (url.replace("limited:pw", "limited:no"), url.replace("limited:pw@", "nobody:pw@")):
        refused = RedisRuntimeValidator(wrong).validate()
        assert refused.is_unreachable
        assert "invalid username-password pair" in refused.sentences[0]


def test_server_behind_tls_is_read_through_tls(start: Callable[..., Server]) -> None:
    """A rediss:// URL is encrypted on the wire, and the answers are the same."""
    server = start()
    ciphers = "AECDH-AES256-SHA:@SECLEVEL=0"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    # A cipher without certificates: what is tested is that TLS is spoken, not whom it trusts.
    context.set_ciphers(ciphers)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        spoke: list[Any] = []

        def serve() -> None:
            client = context.wrap_socket(listener.accept()[0], server_side=True)
            spoke.append(client.cipher())
            with client, socket.create_connection(("127.0.0.1", server.port)) as behind:
                behind.settimeout(0.5)
                behind.sendall(client.recv(65536))
                try:
                    while reply := behind.recv(65536):
                        client.sendall(reply)
                except TimeoutError:
                    return

        thread = threading.Thread(target=serve)
        thread.start()
        where = f"127.0.0.1:{listener.getsockname()[1]}"
        options = f"ssl_cert_reqs=none&ssl_check_hostname=false&ssl_ciphers={ciphers}"
        report = RedisRuntimeValidator(f"rediss://{where}?{options}").validate()
        thread.join(10)
    assert spoke
    assert report.level is Level.OK


def test_everything_is_asked_in_one_round_trip(server: Server, relay: Relay) -> None:
    """The client sends one packet, and the server answers it."""
    report = RedisRuntimeValidator(relay.url).validate()
    assert len(report.findings) > 10
    assert relay.packets == 1


def test_reports_are_logged_and_handed_on(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """Each finding that is not OK is one log line; a hook that fails does no harm."""
    reports: list[SafetyReport] = []

    def hook(report: SafetyReport) -> None:
        reports.append(report)
        raise RuntimeError("the hook failed")

    validator = RedisRuntimeValidator(server.url, on_report=hook)
    assert validator.last is None
    with caplog.at_level(logging.WARNING, "safety_core.runtime_checks"):
        report = validator.validate_on_startup()
    assert reports == [report]
    assert validator.last is report
    lines = [record for record in caplog.records if "redis_safety_warning" in record.getMessage()]
    assert [record.levelno for record in lines] == [logging.ERROR]
    assert "append_only_file" in lines[0].getMessage()


def test_report_is_a_table_and_an_object(start: Callable[..., Server]) -> None:
    """The table has a line per check, the object the same and how to mend each."""
    config, check, level = WRONG["evicts-any-key"]
    report = RedisRuntimeValidator(start(**config).url).validate()
    lines = report.table().splitlines()
    assert [line.split()[:2] for line in lines] == [[finding.level, finding.check] for finding in report.findings]
    told = report.to_object()
    assert told["level"] == level
    assert told["run_id"] == report.identity.run_id if report.identity else False
    (row,) = (row for row in told["findings"] if row["check"] == check)
    assert row["config_set"] == "CONFIG SET maxmemory-policy noeviction"
    assert row["redis_conf"] == "maxmemory-policy noeviction"
    assert row["endangers"] == "of one key at most one effect lands"
    assert row["sentence"] == report.at(Level.CRITICAL)[0].sentence
    assert all(row["endangers"] is None for row in told["findings"] if row["level"] == Level.OK)


@pytest.mark.parametrize(
    "wrong",
    [{"headroom": 1.0}, {"headroom": -0.1}, {"max_lag_s": 0}, {"records_per_s": -1.0}, {"record_bytes": 0}],
    ids=str,
)
def test_expectation_out_of_range_is_refused(wrong: dict[str, Any]) -> None:
    """The message names the value."""
    (name,) = wrong
    with pytest.raises(SettingsError, match=name):
        Expected(**wrong)


def of_sentinel() -> Any:
    """Return a client that would ask Sentinel where the primary is."""
    sentinel: Any = redis.sentinel
    return sentinel.Sentinel([("127.0.0.1", 1)]).master_for("claims")


@pytest.mark.parametrize(
    "source",
    [None, 7, "http://127.0.0.1", "redis://127.0.0.1?db=x", of_sentinel()],
    ids=["nothing", "number", "another-protocol", "wrong-database", "sentinel"],
)
def test_what_is_no_server_is_refused(source: Any) -> None:
    """Neither a client nor a URL of a server."""
    with pytest.raises(SettingsError, match="redis is a"):
        RedisRuntimeValidator(source)
