"""The validator on servers in passing states: loading, a file that cannot be written, answers of other servers."""

from __future__ import annotations

import contextlib
import resource
import signal
import subprocess
import threading
from typing import TYPE_CHECKING, Any

import pytest
import redis
import redis.asyncio

from safety_core.idempotency.connection import address_of, make_connection
from safety_core.idempotency.settings import GuardSettings
from safety_core.runtime_checks import Expected, Level, RedisRuntimeValidator
from safety_core.runtime_checks.check import Promise
from safety_core.runtime_checks.checks.registry import ALL, look
from safety_core.runtime_checks.questions import QUESTIONS, read
from safety_core.tests.servers import another, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from safety_core.tests.servers import Server


def level(url: str, check: str) -> Level:
    """Return the level that one check gives a server."""
    finding = RedisRuntimeValidator(url).validate().of(check)
    assert finding is not None
    return finding.level


def test_loading_server_is_not_ready(redis_server: Server) -> None:
    """While it loads it answers questions and refuses claims; afterwards it is OK."""
    debug = {} if redis_server.binary.version.startswith("6") else {"enable-debug-command": "yes"}
    slow = {"key-load-delay": "2000", "loading-process-events-interval-bytes": "1024", **debug}
    with another(redis_server, config=slow) as server, server.client() as client:
        for number in range(500):
            client.set(f"key{number}", "x" * 100)
        assert level(server.url, "loading") is Level.OK
        reload = threading.Thread(target=client.execute_command, args=("DEBUG", "RELOAD"))
        reload.start()
        seen_loading = eventually(lambda: level(server.url, "loading") is Level.CRITICAL)
        reload.join(30)
        assert seen_loading
        assert level(server.url, "loading") is Level.OK


@pytest.fixture
def limited(redis_server: Server, tmp_path: Path) -> Iterator[tuple[str, int]]:
    """Yield URL and process id of a server that answers a too large file with an error, instead of dying of it."""
    words = ["--port", "0", "--unixsocket", str(tmp_path / "s"), "--dir", str(tmp_path), "--save", ""]
    command = [str(redis_server.binary.path), *words, "--appendonly", "yes", "--appendfsync", "everysec"]
    # Python ignores SIGXFSZ, and a child that is started without restoring it does so too.
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, restore_signals=False) as process:
        url = f"unix://{tmp_path / 's'}"

        def answers() -> bool:
            with contextlib.suppress(redis.ConnectionError):
                return bool(redis.Redis.from_url(url).ping())
            return False

        try:
            assert eventually(answers)
            yield url, process.pid
        finally:
            process.send_signal(signal.SIGKILL)


def test_append_only_file_that_cannot_be_written_is_critical(limited: tuple[str, int]) -> None:
    """The server refuses writes then, and the finding says so before a claim meets it."""
    url, pid = limited
    assert level(url, "append_only_writes") is Level.OK
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    with redis.Redis.from_url(url) as client, contextlib.suppress(redis.ResponseError):
        client.set("claim", b"x" * 8192)
        assert eventually(lambda: level(url, "append_only_writes") is Level.CRITICAL)
        with pytest.raises(redis.ResponseError, match="MISCONF"):
            client.set("claim", 1)


@pytest.fixture
def replies(redis_server: Server) -> list[Any]:
    """Return what a sound server answers."""
    with another(redis_server, appendonly=True, appendfsync="always") as server:
        connection: Any = make_connection(address_of(server.url, GuardSettings()))
        connection.connect()
        connection.send_packed_command((QUESTIONS.packet,))
        said = [connection.read_response() for _ in range(QUESTIONS.replies)]
        connection.disconnect()
    return said


@pytest.mark.parametrize(
    ("field", "value", "checks", "expected"),
    [
        ("redis_version", "5.0.14", ["version"], Level.CRITICAL),
        ("redis_version", "unstable", ["version"], Level.UNKNOWN),
        ("async_loading", "1", ["loading"], Level.CRITICAL),
        ("aof_last_bgrewrite_status", "err", ["append_only_writes"], Level.WARNING),
        ("aof_last_write_status", "err", ["append_only_writes"], Level.CRITICAL),
        ("used_memory_rss", "99999999999999", ["memory"], Level.WARNING),
        ("used_memory", "many", ["memory"], Level.UNKNOWN),
        ("connected_slaves", None, ["replicas", "failover"], Level.UNKNOWN),
        ("role", None, ["role", "replicas", "failover"], Level.UNKNOWN),
    ],
)
def test_one_field_decides(
    field: str, value: str | None, checks: list[str], expected: Level, replies: list[Any]
) -> None:
    """A sound server's own answer, with one field as another server would say it, or without it."""
    assert {finding.level for finding in look(read(replies), Expected())} == {Level.OK}
    lines = [line for line in replies[0].split(b"\r\n") if not line.startswith(f"{field}:".encode())]
    if value is not None:
        lines.append(f"{field}:{value}".encode())
    flagged = [
        one for one in look(read([b"\r\n".join(lines), *replies[1:]]), Expected()) if one.level is not Level.OK
    ]
    assert [finding.check for finding in flagged] == checks
    assert {finding.level for finding in flagged} == {expected}


def test_client_that_repeats_commands_is_flagged(redis_server: Server) -> None:
    """redis-py repeats 10 times when it is made with Redis(...), and never with from_url; asyncio alike."""
    port, url = redis_server.port, redis_server.tcp_url
    made: list[tuple[Any, Level]] = [
        (redis.Redis(port=port), Level.WARNING),
        (redis.asyncio.Redis(port=port), Level.WARNING),
        (redis.Redis.from_url(url), Level.OK),
        (redis.asyncio.Redis.from_url(url), Level.OK),
    ]
    for client, expected in made:
        finding = RedisRuntimeValidator(client).validate().of("client_retries")
        assert finding is not None
        assert finding.level is expected
    assert RedisRuntimeValidator(url).validate().of("client_retries") is None


def test_every_case_but_ok_says_what_it_endangers_and_what_mends_it() -> None:
    """The data behind every sentence and every row of the page is whole."""
    assert len({check.name for check in ALL}) == len(ALL)
    for check in ALL:
        assert Level.OK in {case.level for case in check.cases}
        for case in (*check.cases, *([check.unseen] if check.unseen else [])):
            is_ok = case.level is Level.OK
            assert (case.endangers is Promise.NONE) is is_ok
            assert bool(case.because) is not is_ok
            assert bool(case.remedy) is not is_ok
