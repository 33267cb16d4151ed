"""A server in a container dies, comes back and leaves nothing behind, as an embedded one does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from harness import clock
from harness.containers.tests.engine_view import names, published
from harness.containers.tests.providers import IMAGE, REDIS_IMAGES, needs_redis_image
from harness.processes.child import is_running, process_state
from harness.redis_server.choice import ContainerChoice
from harness.redis_server.container_server import ContainerServer
from harness.redis_server.errors import ClockUnavailableError, RedisUnavailableError
from harness.redis_server.opening import open_owned, stop_kept

pytestmark = needs_redis_image
_ROOT = Path(__file__).resolve().parents[3]
_START_AND_WAIT = """
import signal
import sys
from harness.redis_server.container_server import ContainerServer
# Whoever starts the tests in the background may have left Ctrl-C ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
with ContainerServer(sys.argv[1]) as server:
    print(server.name, flush=True)
    sys.stdin.read()
"""
_DEADLINE_S = 30.0


@pytest.mark.parametrize("image", REDIS_IMAGES)
@pytest.mark.parametrize("in_host_network", [False, True], ids=["published", "host"])
def test_a_killed_container_comes_back_with_its_append_only_file(image: str, *, in_host_network: bool) -> None:
    """SIGKILL and restart keep what was acknowledged and the port, and change the run id."""
    with ContainerServer(image, appendonly=True, in_host_network=in_host_network) as server:
        server.client().set("k", "v")
        url, run_id, pid = server.url, server.identity().run_id, server.pid
        assert is_running(pid)
        server.kill()
        assert not is_running(pid)
        with pytest.raises(redis.ConnectionError):
            server.client().ping()
        server.restart()
        assert server.client().get("k") == b"v"
        assert server.url == url
        assert server.identity().run_id != run_id
    assert server.name not in names(os.getpid())


def test_restart_without_persistence_loses_all() -> None:
    """Without an append-only file a restarted server is empty."""
    with ContainerServer(IMAGE) as server:
        server.client().set("k", "v")
        server.restart()
        assert server.client().get("k") is None


def test_a_paused_container_answers_nobody_until_it_goes_on() -> None:
    """The kernel says that its process is stopped; its connections stay open."""
    with ContainerServer(IMAGE) as server:
        client = server.client(timeout_s=0.2)
        client.ping()
        server.pause()
        assert process_state(server.pid) == "T"
        with pytest.raises(redis.TimeoutError):
            server.client(timeout_s=0.2).ping()
        server.resume()
        assert server.client().ping()


def test_a_container_is_reached_on_loopback_only() -> None:
    """Its port is published on 127.0.0.1, and it says of itself which image it is made of."""
    with ContainerServer(IMAGE) as server:
        assert published(server.name) == [("127.0.0.1", server.port)]
        assert server.name.startswith("stormproof-")
        identity = server.identity()
        assert identity.sha256 is not None
        assert len(identity.sha256) == 64


def test_a_container_that_runs_no_server_is_reported_with_its_log() -> None:
    """The server's own words are in the message, and the container is gone."""
    server = ContainerServer(IMAGE, config={"maxmemory-policy": "nonsense"})
    with pytest.raises(RedisUnavailableError, match="maxmemory-policy"):
        server.start()
    assert server.name not in names(os.getpid())


def test_nobody_moves_the_clock_of_a_container() -> None:
    """A story that would need it is told so."""
    with ContainerServer(IMAGE) as server, pytest.raises(ClockUnavailableError, match="the machine's own"):
        server.advance(1)


def test_one_container_is_used_again_within_a_run_and_is_as_new() -> None:
    """Neither keys nor scripts stay, a killed one comes back, a reconfigured one is not given out again."""
    choice = ContainerChoice("container", IMAGE)
    stop_kept()
    with open_owned(choice) as first:
        client = first.client()
        client.set("k", "v")
        sha = client.script_load("return 1")
        pid = first.pid
    with open_owned(choice) as second:
        assert second.pid == pid
        assert second.client().dbsize() == 0
        assert second.client().script_exists(sha) == [False]
        second.kill()
    with open_owned(choice) as third, open_owned(choice) as meanwhile:
        assert third.url == second.url
        assert meanwhile.url != third.url
        third.client().config_set("maxmemory", "10mb")
    with open_owned(choice) as fourth:
        assert fourth.url == meanwhile.url
    stop_kept()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_container_goes_with_its_process_whatever_ends_that(number: int) -> None:
    """After Ctrl-C, SIGTERM and SIGKILL the engine knows no container of the run."""
    argv = [sys.executable, "-P", "-c", _START_AND_WAIT, IMAGE]
    with subprocess.Popen(
        argv, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        name = process.stdout.readline().strip()
        assert names(process.pid) == [name]
        process.send_signal(number)
        process.wait(_DEADLINE_S)
        _wait_until_gone(process.pid)


def _wait_until_gone(pid: int) -> None:
    deadline_ns = clock.elapsed_ns() + int(_DEADLINE_S * 1e9)
    while names(pid):
        assert clock.elapsed_ns() < deadline_ns, "the container is still there"
        clock.pause_s(0.02)
