"""The plugin in other people's houses: a repository with packages of our names, an event loop, an early end."""

from __future__ import annotations

import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.processes.child import is_running
from harness.processes.family import descendants
from stormproof.tests.pytest_runs import GOOD, pytest_command, run_pytest
from stormproof.tests.running import TIME_LIMIT_S, run, wait_for

SAMPLE = Path(__file__).parent / "sample_repository"
PLANTED = ("nx=True", "nx=False")


@pytest.fixture(name="repository")
def _repository(tmp_path: Path) -> Path:
    """Return a copy of a repository that has a `harness`, a `reports` and a `verify` of its own."""
    folder = tmp_path / "shop"
    shutil.copytree(SAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def plant(repository: Path) -> None:
    """Make the guard of the sample unsound."""
    place = repository / "shop" / "orders.py"
    sound = place.read_text("utf-8")
    assert PLANTED[0] in sound
    place.write_text(sound.replace(*PLANTED), "utf-8")


def test_a_repository_with_packages_of_our_names_is_explored(repository: Path) -> None:
    """Its guard and its tests get its own packages, stormproof gets its own; nothing is left behind."""
    assert {"harness", "reports", "verify"} <= {path.name for path in repository.iterdir()}
    said = run_pytest(repository)
    assert said.code == 0, said.out
    assert "4 passed" in said.out
    assert not (repository / "stormproof-runs").exists()


@pytest.mark.in_turn(1)
@pytest.mark.parametrize("where", ["", "true"], ids=["at-a-desk", "in-ci"])
def test_a_planted_guard_of_that_repository_is_caught_and_replayed(
    where: str, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test that explores it fails, the others pass, and the line shows its finding again in a fresh shell.

    In CI, where pytest's summary is not cut to the terminal's width, the picture is still printed once.
    """
    monkeypatch.setenv("CI", where)
    plant(repository)
    said = run_pytest(repository, "--chaos-faults", "0", "-k", "not put_together")
    assert said.code == 1
    assert "1 failed, 2 passed" in said.out
    (line,) = re.findall(r"^stormproof replay \S+$", said.out, re.MULTILINE)
    again = run(repository, *shlex.split(line)[1:])
    assert (again.code, again.err) == (1, "")


@pytest.mark.takes_long
@pytest.mark.parametrize(("subject", "jobs"), [("verify/once.py:make", "2"), ("verify.once:make", "1")])
def test_the_command_line_explores_that_repository(
    subject: str, jobs: str, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A guard in a package of our name is found by its file and by its module, in either gate."""
    source = "from .keys import checked\nfrom shop.orders import make\n"
    (repository / "verify" / "once.py").write_text(source, "utf-8")
    monkeypatch.setenv("PYTHONPATH", ".")
    said = run(repository, "explore", "--subject", subject, "--faults", "0", "--jobs", jobs)
    assert (said.code, said.err) == (0, ""), said.out


def test_an_exploration_that_goes_on_finds_its_imports(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to remember how the first command was started."""
    monkeypatch.setenv("PYTHONPATH", ".")
    asked = ("--subject", "shop.orders:make", "--gate", "greenlet", "--faults", "0")
    assert run(repository, "explore", *asked, "--budget", "0.001", "--out", "run").code == 3
    monkeypatch.delenv("PYTHONPATH")
    assert run(repository, "explore", "--resume", "run").code == 0


ASYNCHRONOUS = """
import asyncio
import pytest
from shop.guard import make, make_twice

@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.mark.MARKER
async def test_in_a_loop(chaos_explore):
    still_runs = asyncio.create_task(asyncio.sleep(0))
    found = chaos_explore(make, faults=0)
    await still_runs
    found.assert_held()

@pytest.mark.MARKER
async def test_in_a_thread(chaos_explore):
    found = await asyncio.to_thread(chaos_explore, make_twice, faults=0)
    found.assert_held()
"""
LATER = """
import json
import redis.asyncio
from . import PREFIX

def make(redis_url, lease_s):
    client = redis.asyncio.Redis.from_url(redis_url)

    async def guard(key, payload, effect):
        if not await client.set(PREFIX + key, "", nx=True):
            return json.loads(await client.get(PREFIX + key))
        receipt = await effect(payload)
        await client.set(PREFIX + key, json.dumps(receipt))
        return receipt

    return guard

def make_twice(redis_url, lease_s):
    async def guard(key, payload, effect):
        return await effect(payload)
    return guard

make.promise = make_twice.promise = "at_most_once"
make.outside = {"conflict": "payloads are not compared"}
"""
OPTIONS = {"asyncio": ("-o", "asyncio_default_fixture_loop_scope=function"), "anyio": ()}


@pytest.mark.takes_long
@pytest.mark.in_turn(0)
@pytest.mark.parametrize("plugin", OPTIONS)
def test_a_guard_is_explored_while_an_event_loop_runs(plugin: str, tmp_path: Path) -> None:
    """A coroutine of pytest-asyncio or anyio explores a guard of coroutines, and passes or fails like any test."""
    (tmp_path / "test_loop.py").write_text(ASYNCHRONOUS.replace("MARKER", plugin), "utf-8")
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").write_text('PREFIX = "once:"\n', "utf-8")
    (tmp_path / "shop" / "guard.py").write_text(LATER, "utf-8")
    said = run_pytest(tmp_path, "-W", "error", *OPTIONS[plugin], plugins=[plugin])
    assert "1 failed, 1 passed" in said.out
    assert "test_in_a_thread - PromiseBrokenError: Violated: shop/guard.py:make_twice broke at_most_once" in said.out


@pytest.mark.in_turn(0)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "sigkill"])
def test_an_exploration_ends_with_its_pytest(number: int, tmp_path: Path) -> None:
    """Whatever ends pytest, no process and no temporary folder of ours stays behind."""
    (tmp_path / "guard.py").write_text(GOOD, "utf-8")
    test = "from guard import make\ndef test_it(chaos_explore, chaos_redis):\n    chaos_explore(make).assert_held()\n"
    (tmp_path / "test_it.py").write_text(test, "utf-8")
    explored = tmp_path / "stormproof-runs" / "test_it.test_it-1" / "schedules" / "explored.tsv"
    with subprocess.Popen(pytest_command(), cwd=tmp_path, stdout=subprocess.DEVNULL) as session:
        wait_for(explored.exists)
        wait_for(lambda: len(descendants(session.pid)) >= 4)
        started = descendants(session.pid)
        folders = {Path("/proc", str(pid), "cwd").resolve() for pid in started} - {tmp_path}
        assert len(folders) >= 2
        session.send_signal(number)
        session.wait(TIME_LIMIT_S)
    wait_for(lambda: not [pid for pid in started if is_running(pid)])
    wait_for(lambda: not [folder for folder in folders if folder.exists()])


def test_a_package_that_was_overwritten_is_named_in_one_line(tmp_path: Path) -> None:
    """Where another distribution put its files over ours, the command says so instead of breaking off somewhere."""
    program = (
        "import sys; from stormproof import names; from stormproof.__main__ import main; "
        f"names.ROOT = names.Path({str(tmp_path)!r}); main()"
    )
    (tmp_path / "harness.py").write_text("", "utf-8")
    seen = subprocess.run([sys.executable, "-c", program, "faults"], capture_output=True, text=True, check=False)
    assert seen.returncode == 3
    assert seen.stderr.count("\n") == 1
    assert "expected stormproof's own package 'harness'" in seen.stderr
