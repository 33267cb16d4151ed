"""Where a Toxiproxy comes from, and that nothing of it is left behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pytest

from harness.processes.child import is_running, wait_until_gone
from harness.toxiproxy.choice import RunningToxiproxy, ToxiproxyBinary, parse_toxiproxy
from harness.toxiproxy.embedded.__main__ import main
from harness.toxiproxy.errors import ToxiproxyFailedError, ToxiproxyUnavailableError, WrongToxiproxyChoiceError
from harness.toxiproxy.server import ToxiproxyServer, open_toxiproxy
from harness.toxiproxy.tests.route import exchange, receive, routed

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOT = Path(__file__).resolve().parents[3]
_OPEN_AND_WAIT = """
import sys
from harness.toxiproxy.server import open_toxiproxy
with open_toxiproxy() as server:
    print(server.pid, flush=True)
    sys.stdin.read()
"""


def test_choices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A URL, a file, what is on PATH; everything else is one clear line."""
    binary = tmp_path / "toxiproxy-server"
    binary.touch(mode=0o755)
    assert parse_toxiproxy("http://localhost") == RunningToxiproxy("localhost", 8474)
    assert parse_toxiproxy("http://127.0.0.1:9/") == RunningToxiproxy("127.0.0.1", 9)
    assert parse_toxiproxy(str(binary)) == ToxiproxyBinary(binary)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert parse_toxiproxy("path") == ToxiproxyBinary(binary)
    binary.unlink()
    for missing in ("path", str(binary)):
        with pytest.raises(ToxiproxyUnavailableError, match="expected"):
            parse_toxiproxy(missing)
    for wrong in ("docker", "https://localhost", "http://", "http://host:port", "http://host/path"):
        with pytest.raises(WrongToxiproxyChoiceError, match="--toxiproxy"):
            parse_toxiproxy(wrong)


def test_program_that_is_no_toxiproxy(tmp_path: Path) -> None:
    """It ends at once: its last words are in the error, and no process is left."""
    program = tmp_path / "other"
    program.write_text("#!/bin/sh\necho cannot do that\nexit 3\n", "utf-8")
    program.chmod(0o755)
    with pytest.raises(ToxiproxyUnavailableError, match="cannot do that"), open_toxiproxy(str(program)):
        pass
    program.write_text("no program", "utf-8")
    with pytest.raises(ToxiproxyUnavailableError, match="Tried to execute"), open_toxiproxy(str(program)):
        pass


def test_running_server_keeps_what_is_not_ours(embedded: ToxiproxyServer) -> None:
    """A server that somebody else runs is used, left running, and loses only the proxies that we made."""
    embedded.client.create("127.0.0.1:1", "theirs")
    with open_toxiproxy(f"http://{embedded.client.address}") as found:
        assert (found.kind, found.pid) == ("running", None)
        found.client.create("127.0.0.1:1", "ours")
    assert list(embedded.client.proxies()) == ["theirs"]
    embedded.client.destroy_made()


def test_it_ends_with_the_block_and_with_us() -> None:
    """The process is gone after the block, and after SIGKILL of the process that opened it."""
    with open_toxiproxy() as server:
        pid = server.pid or 0
        assert is_running(pid)
    assert not is_running(pid)
    environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
    argv = [sys.executable, "-c", _OPEN_AND_WAIT]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as opener:
        assert opener.stdout is not None
        pid = int(opener.stdout.readline())
        opener.send_signal(signal.SIGKILL)
    assert wait_until_gone(pid)


def test_server_that_dies_is_told() -> None:
    """Killed in the middle of a run: the next call is one clear error."""
    with open_toxiproxy() as server:
        proxy = server.client.create("127.0.0.1:1", "p")
        os.kill(server.pid or 0, signal.SIGKILL)
        assert wait_until_gone(server.pid or 0)
        with pytest.raises(ToxiproxyUnavailableError, match="still running"):
            proxy.disable()


def test_embedded_server_listens_where_it_was_opened_to() -> None:
    """What other machines are to reach is listened on as it is asked for; that opens nothing else."""
    with open_toxiproxy(open_to="0.0.0.0") as opened:  # noqa: S104 - it leads nowhere
        proxy = opened.client.create("127.0.0.1:1", "open", "0.0.0.0:0")
        assert proxy.listen.startswith("0.0.0.0:")
        with pytest.raises(ToxiproxyFailedError, match="cannot assign requested address"):
            opened.client.create("127.0.0.1:1", "elsewhere", f"{_own_address()}:0")


def test_embedded_server_knows_loopback_only(embedded: ToxiproxyServer) -> None:
    """No address, or one that means every interface, is loopback, and the answer says so; others are refused."""
    for listen in (":0", "0.0.0.0:0", "[::]:0"):
        proxy = embedded.client.create("127.0.0.1:1", "p", listen)
        assert proxy.listen.startswith("127.0.0.1:")
        proxy.destroy()
    with pytest.raises(ToxiproxyFailedError, match="cannot assign requested address"):
        embedded.client.create("127.0.0.1:1", "p", f"{_own_address()}:0")
    assert main(["--host", "192.0.2.1", "--port", "0"]) == 2


def _own_address() -> str:
    """Return an address of this machine that others can reach; one of nobody where there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        try:
            end.connect(("192.0.2.1", 9))
        except OSError:
            return "192.0.2.1"
        return str(end.getsockname()[0])


@contextmanager
def _by_hand(*options: str) -> Iterator[tuple[subprocess.Popen[bytes], str, IO[bytes]]]:
    """Start the embedded server as a user does; give the process, its address and what it goes on to say."""
    argv = [sys.executable, "-m", "harness.toxiproxy.embedded", "-port", "0", *options]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, cwd=_ROOT) as process:
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())["address"], process.stdout
        finally:
            process.kill()


def test_command_line_of_the_embedded_server(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Toxiproxy's own flags and config file; a bad config is told, and the server serves; SIGTERM ends it with 0."""
    assert main(["-version"]) == 0
    assert capsys.readouterr().out == "toxiproxy-server version 2.12.0\n"
    config = tmp_path / "config.json"
    wanted = [{"name": "a", "upstream": "127.0.0.1:1", "listen": "127.0.0.1:0"}]
    for text, said, names in (
        (json.dumps(wanted), {"proxies": 1}, ["a"]),
        ("[{}]", {"error": "missing required field: name at proxy 1"}, []),
    ):
        config.write_text(text, "utf-8")
        with _by_hand("-config", str(config)) as (process, address, told):
            assert said.items() <= json.loads(told.readline()).items()
            with open_toxiproxy(f"http://{address}") as server:
                assert list(server.client.proxies()) == names
            process.terminate()
            assert process.wait(20) == 0


def test_metrics_count_ended_connections() -> None:
    """Bytes by direction, in the words of Toxiproxy; without the flag there is no such page."""
    with _by_hand("-proxy-metrics") as (_, address, _):
        with open_toxiproxy(f"http://{address}") as server, routed(server.client) as route:
            near, far = route.open()
            exchange(near, far)
            far.sendall(b"." * 1_234_500)
            assert len(receive(near, 1_234_500)) == 1_234_500
            near.close()
            assert far.recv(1) == b""
            far.close()
            ends = f'listener="{route.proxy.listen}",proxy="route",upstream="{route.proxy.upstream}"'
            with route.proxy.down():
                pass
            text = _get(address, "/metrics")
        assert f'toxiproxy_proxy_received_bytes_total{{direction="upstream",{ends}}} 5\n' in text
        assert f'toxiproxy_proxy_sent_bytes_total{{direction="downstream",{ends}}} 1.234504e+06\n' in text


def _get(address: str, path: str) -> str:
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=20) as end:
        end.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        return b"".join(iter(lambda: end.recv(65_536), b"")).decode()


def test_draws_come_from_the_seed() -> None:
    """The same seed strikes the same connections, another one strikes others."""
    assert _struck(11) == _struck(11)
    assert _struck(11) != _struck(12)


def _struck(run_seed: int) -> list[bool]:
    """Return which of thirty connections a toxic of toxicity 0.5 strikes."""
    with open_toxiproxy(run_seed=run_seed) as server, routed(server.client) as route:
        route.proxy.add_toxic(type="limit_data", toxicity=0.5, attributes={"bytes": 0})
        found = []
        for _ in range(30):
            near, far = route.open()
            far.sendall(b"x")
            found.append(near.recv(1) == b"")
        return found
