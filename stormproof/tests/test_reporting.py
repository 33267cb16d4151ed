"""The commands for stored runs, as a user calls them: pages, bundles, trends, and their exit codes."""

from __future__ import annotations

import json
import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from harness.processes.child import is_running
from reports.evidence.packing import pack
from reports.stored_run import write_verdict
from reports.tests.browser import CHROMIUM, opened
from reports.tests.run_folders import invalid_run, valid_run
from stormproof.tests.running import TIME_LIMIT_S, run, start, wait_for
from verify.tests.keys import fresh_keys

if TYPE_CHECKING:
    import subprocess

    from harness.redis_server.server import RedisServer

QUOTING = """
import redis

def make(redis_url, lease_s):
    client = redis.Redis.from_url(redis_url)
    def guard(key, payload, effect):
        client.get(key)
        effect(payload)
        raise RuntimeError(f"cannot go on at {redis_url}")
    return guard
"""


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    """Return the folder of a judged run in which a promise is broken."""
    folder = tmp_path / "runs" / "one"
    folder.mkdir(parents=True)
    write_verdict(invalid_run(folder))
    return folder


def _folders(process: subprocess.Popen[str]) -> set[Path]:
    """Return the temporary folders that a process holds, by their locks."""
    opened_files = []
    for descriptor in Path(f"/proc/{process.pid}/fd").iterdir():
        with suppress(OSError):
            opened_files.append(descriptor.readlink())
    return {path.parent for path in opened_files if path.name == "owner.lock"}


def test_a_page_is_written_and_named(stored: Path, tmp_path: Path) -> None:
    """In the run folder, or where it was asked for."""
    assert run(tmp_path, "report", "runs/one").out == "runs/one/report.html\n"
    assert (stored / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert run(tmp_path, "report", "runs/one", "--out", "page.html").code == 0
    assert (tmp_path / "page.html").is_file()


def test_what_is_no_run_has_no_page(tmp_path: Path) -> None:
    """One line, exit code 2."""
    for words in (["report", "nowhere"], ["evidence", "pack", "nowhere"], ["history", "nowhere"]):
        said = run(tmp_path, *words)
        assert said.code == 2
        assert said.err.count("\n") == 1
        assert "nowhere" in said.err


def test_allure_without_node_is_one_clear_line(stored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It could not be run, which is exit code 3, and our own page is pointed to."""
    monkeypatch.setenv("PATH", str(tmp_path))
    said = run(tmp_path, "report", "runs/one", "--allure")
    assert said.code == 3
    assert said.err.count("\n") == 1
    assert "needs Node and npm" in said.err
    assert not (stored / "allure.html").exists()


@pytest.mark.takes_long
@pytest.mark.skipif(not shutil.which("npm") or not CHROMIUM, reason="there is no npm or no Chromium on PATH")
def test_allures_page_asks_nobody_for_anything(stored: Path, tmp_path: Path) -> None:
    """Allure 3 of npm makes one file; opened, it stays within itself, and shows the broken guarantee."""
    assert run(tmp_path, "report", "runs/one", "--allure").out == "runs/one/allure.html\n"
    path = stored / "allure.html"
    with opened(path) as page:
        page.ask("location.hash = 'behaviors'")
        shown = "document.body.innerText.includes('Of one key at most one effect lands at the venue.')"
        wait_for(lambda: bool(page.ask(shown)))
        outside = [each for each in page.requested if not each.startswith(("data:", path.as_uri(), "blob:"))]
        assert outside == []
        assert page.troubles == []
    assert (tmp_path / "runs" / "allure-history.jsonl").is_file()


@pytest.mark.takes_long
def test_nothing_is_left_of_allure_when_it_is_interrupted(stored: Path, tmp_path: Path) -> None:
    """Ctrl-C while npm is at work: what it has started ends with it, and no folder or page is left."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, does in {"npm": 'sleep 600 & echo $! > "$STARTED"; wait', "node": "exit 0"}.items():
        (programs / name).write_text(f"#!/bin/sh\n{does}\n", encoding="utf-8")
        (programs / name).chmod(0o755)
    started = tmp_path / "started"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
        patch.setenv("STARTED", str(started))
        process = start(tmp_path, "report", "runs/one", "--allure")
    wait_for(lambda: started.is_file() and started.read_text("utf-8").endswith("\n"))
    held = _folders(process)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=TIME_LIMIT_S)
    assert process.returncode == 130
    wait_for(lambda: not is_running(int(started.read_text("utf-8"))))
    assert held
    assert [folder for folder in held if folder.exists()] == []
    assert not (stored / "allure.html").exists()


def test_a_bundle_is_verified_and_one_changed_byte_is_named(stored: Path, tmp_path: Path) -> None:
    """Exit 0 says that all is as packed, whatever the verdict; exit 1 names the byte."""
    private, public = fresh_keys(tmp_path, "key")
    packed = run(tmp_path, "evidence", "pack", "runs/one", "--out", "one.tar", "--key", str(private))
    assert packed.code == 0
    assert packed.out.startswith("one.tar: 7 files, ")
    shutil.rmtree(stored)
    held = run(tmp_path, "evidence", "verify", "one.tar", "--key", str(public))
    assert (held.code, held.err) == (0, "")
    assert held.out.startswith("INVALID: the run's verdict")
    assert "signature: good" in held.out
    whole = bytearray((tmp_path / "one.tar").read_bytes())
    whole[5000] ^= 1
    (tmp_path / "one.tar").write_bytes(whole)
    damaged = run(tmp_path, "evidence", "verify", "one.tar", "--key", str(public))
    assert damaged.code == 1
    assert "(byte 5,000 of the bundle)" in damaged.err
    assert damaged.err.count("\n") == 1


@pytest.mark.takes_long
def test_an_unpacked_bundle_is_a_run_folder(stored: Path, tmp_path: Path) -> None:
    """An auditor goes on from it: judges it, and makes its page. The default place is beside the folder."""
    assert run(tmp_path, "evidence", "pack", "runs/one").code == 0
    bundle = "runs/one.evidence.tar"
    assert run(tmp_path, "evidence", "verify", bundle, "--unpack", "out").code == 0
    assert run(tmp_path, "judge", "out/run").code == 1
    assert run(tmp_path, "report", "out/run").code == 0
    again = run(tmp_path, "evidence", "verify", bundle, "--unpack", "out")
    assert (again.code, again.err.count("\n")) == (2, 1)
    assert "holds something already" in again.err


@pytest.mark.takes_long
def test_keys_that_do_not_fit_are_refused(stored: Path, tmp_path: Path) -> None:
    """A wrong file is wrong input; a wrong signature is no evidence."""
    private, public = fresh_keys(tmp_path, "key")
    assert run(tmp_path, "evidence", "pack", "runs/one", "--key", str(public)).code == 2
    pack(stored, tmp_path / "one.tar", key=private)
    assert run(tmp_path, "evidence", "verify", "one.tar").code == 2
    _, other = fresh_keys(tmp_path, "other")
    assert run(tmp_path, "evidence", "verify", "one.tar", "--key", str(other)).code == 1


def test_history_shows_runs_and_compares_two(stored: Path, tmp_path: Path) -> None:
    """Exit 1 where something that held holds no more."""
    other = tmp_path / "runs" / "two"
    other.mkdir()
    write_verdict(valid_run(other))
    shown = run(tmp_path, "history", "runs")
    assert shown.code == 0
    assert "No part is flaky" in shown.out
    assert {each["verdict"] for each in run(tmp_path, "history", "runs", "--json").object["runs"]} == {
        "VALID",
        "INVALID",
    }
    worse = run(tmp_path, "history", "runs", "--compare", "two", "one")
    assert worse.code == 1
    assert "new finding: at_most_once" in worse.out
    assert run(tmp_path, "history", "runs", "--compare", "one", "two").code == 0


def test_a_password_reaches_no_report(redis_server: RedisServer, tmp_path: Path) -> None:
    """A server has one, and the guard quotes its URL: no file of the run, no page, no bundle holds it."""
    (tmp_path / "guard.py").write_text(QUOTING, "utf-8")
    where = urlsplit(redis_server.tcp_url).netloc
    with redis_server.client() as client:
        client.execute_command("ACL", "SETUSER", "planted", "reset", "on", ">hunter2", "~*", "+@all")
    url = f"redis://planted:hunter2@{where}"
    words = ["explore", "--subject", "guard.py:make", "--faults", "0", "--out", "run"]
    said = run(tmp_path, *words, "--redis", url, "--allow-target", where)
    assert (said.code, "hunter2" in said.out + said.err) == (1, False)
    assert run(tmp_path, "report", "run").code == 0
    assert run(tmp_path, "evidence", "pack", "run", "--out", "run.tar").code == 0
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) > 20
    assert [path for path in written if b"hunter2" in path.read_bytes()] == []


@pytest.mark.takes_long
def test_the_code_that_was_run_is_written_down(tmp_path: Path) -> None:
    """Ours, and that of a guard in a file; another byte is another digest, and all of it is in the bundle."""
    guard = tmp_path / "guard.py"
    digests = []
    for number, more in enumerate(("", "# more\n")):
        guard.write_text(f"def make(url, lease_s):\n    return lambda k, p, effect: effect(p)\n{more}", "utf-8")
        run(tmp_path, "explore", "--subject", "guard.py:make", "--faults", "0", "--out", f"run{number}")
        digests.append(json.loads((tmp_path / f"run{number}" / "environment.json").read_bytes())["code"])
    assert digests[0].keys() == {"stormproof", "guard.py:make"}
    assert digests[0]["stormproof"] == digests[1]["stormproof"]
    assert digests[0]["guard.py:make"] != digests[1]["guard.py:make"]
    assert run(tmp_path, "evidence", "pack", "run0", "--out", "one.tar").code == 0
    assert run(tmp_path, "evidence", "verify", "one.tar").code == 0


@pytest.mark.takes_long
@pytest.mark.parametrize(("ends", "code"), [("Ctrl-C", 130), ("no bundle", 2)])
def test_nothing_is_left_of_a_verification(ends: str, code: int, tmp_path: Path) -> None:
    """It waits for its bundle, which is a pipe here, and ends; its temporary folder ends with it."""
    os.mkfifo(tmp_path / "pipe.tar")
    process = start(tmp_path, "evidence", "verify", "pipe.tar")
    wait_for(lambda: bool(_folders(process)))
    held = _folders(process)
    if ends == "Ctrl-C":
        process.send_signal(signal.SIGINT)
    else:
        (tmp_path / "pipe.tar").open("wb").close()
    process.communicate(timeout=TIME_LIMIT_S)
    assert process.returncode == code
    assert [folder for folder in held if folder.exists()] == []
