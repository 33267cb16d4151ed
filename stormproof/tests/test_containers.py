"""``--redis container`` on the command line: what is said without an engine, without the image, when both go away."""

from __future__ import annotations

import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from harness.containers.tests.engine_view import names, remove
from harness.containers.tests.passage import Passage
from harness.containers.tests.providers import IMAGE, needs_redis_image
from stormproof.tests.running import TIME_LIMIT_S, run, start, wait_for

if TYPE_CHECKING:
    from pathlib import Path

_EXPLORE = ("explore", "--subject", "reference", "--kinds", "request_lost", "--out", "run")
_STORY = ("campaign", "--only", "kill_redis", "--out", "run", "--redis", f"container:{IMAGE}")


def test_without_an_engine_nothing_else_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line names the place, and what can be done; exit status 3."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    for words in (_EXPLORE, ("campaign", "--only", "kill_redis", "--out", "run2")):
        said = run(tmp_path, *words, "--redis", "container")
        assert said.code == 3
        (line,) = said.err.splitlines()
        assert f"expected a container engine to answer at unix://{tmp_path}/nobody.sock" in line
        assert "Start Docker or Podman or set DOCKER_HOST" in line


def test_an_image_without_a_tag_is_a_usage_error(tmp_path: Path) -> None:
    """One line, exit status 2, no run folder."""
    said = run(tmp_path, *_EXPLORE, "--redis", "container:redis")
    assert said.code == 2
    assert "expected container or container:IMAGE:TAG" in said.err
    assert not (tmp_path / "run").exists()


@needs_redis_image
def test_an_image_that_is_not_there_is_named(tmp_path: Path) -> None:
    """It is neither on this machine nor to be pulled from nowhere."""
    said = run(tmp_path, *_EXPLORE, "--redis", "container:127.0.0.1:1/nobody/has:this")
    assert said.code == 3
    (line,) = said.err.splitlines()
    assert "The image 127.0.0.1:1/nobody/has:this is not on this machine; tried to pull it" in line


@needs_redis_image
def test_an_exploration_runs_in_a_container(tmp_path: Path) -> None:
    """It holds, names its server, and the engine knows no container of it afterwards."""
    process = start(tmp_path, *_EXPLORE, "--jobs", "1", "--redis", f"container:{IMAGE}")
    out, err = process.communicate(timeout=TIME_LIMIT_S)
    assert process.returncode == 0, err
    assert "Held" in out
    assert IMAGE in (tmp_path / "run" / "exploration.json").read_text("utf-8")
    assert not names(process.pid)


@needs_redis_image
def test_an_engine_that_vanishes_is_told(tmp_path: Path) -> None:
    """The run ends with 3, and says which containers it could not remove, and how to."""
    with Passage(tmp_path) as passage, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", passage.address)
        process = start(tmp_path, *_STORY)
        patch.undo()
        try:
            part = tmp_path / "run" / "parts" / "kill_redis-reference"
            wait_for(lambda: part.is_dir() and bool(names(process.pid)))
            passage.close()
            out, err = process.communicate(timeout=TIME_LIMIT_S)
            assert process.returncode == 3
            assert "expected a container engine to answer at unix://" in " ".join(out.split())
            (name,) = names(process.pid)
            assert f"containers are left behind: {name}. Remove by hand: docker rm -f -v" in err
        finally:
            remove(process.pid)


@needs_redis_image
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["sigint", "sigterm"])
def test_an_interrupted_story_leaves_no_container(number: int, tmp_path: Path) -> None:
    """Exit 130, and the engine knows no container of the run."""
    process = start(tmp_path, *_STORY)
    wait_for(lambda: bool(names(process.pid)))
    process.send_signal(number)
    try:
        process.communicate(timeout=TIME_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    assert process.returncode == 130
    assert not names(process.pid)
