"""Fixtures of every room: a server and a venue of one's own, one seed, one folder, Allure labels. No logic."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import allure
import pytest

from harness import clock
from harness.processes.faked_clock import find_library
from harness.redis_server.server import RedisServer
from harness.seed import stream
from harness.venue.venue import Venue

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


collect_ignore = ["stormproof/tests/sample_repository"]
"""Somebody else's tests, which are run where they belong."""
pytest_plugins = ["stormproof.tests.in_turn"]


@pytest.fixture(autouse=True)
def allure_labels(request: pytest.FixtureRequest) -> None:
    """Label the test in Allure: epic = room, feature = module."""
    path = request.path.relative_to(request.config.rootpath)
    allure.dynamic.epic(path.parts[0])  # type: ignore[no-untyped-call]
    allure.dynamic.feature(path.stem.removeprefix("test_"))  # type: ignore[no-untyped-call]


@pytest.fixture(autouse=True)
def _search_path_is_put_back() -> Iterator[None]:
    """Children of the next test look for modules where those of this one did when it began."""
    before = os.environ.get("PYTHONPATH")
    yield
    os.environ.pop("PYTHONPATH", None)
    if before is not None:
        os.environ["PYTHONPATH"] = before


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """Yield a fresh embedded server; its clock is controlled where libfaketime is installed."""
    with RedisServer(controlled_clock=find_library() is not None) as server:
        yield server


@pytest.fixture
def venue() -> Venue:
    """Return a fresh venue in this process, with the real clock."""
    return Venue(now_ns=clock.shared_ns, pause_s=clock.pause_s)


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """Return the test's seed: ``--chaos-seed``, else one that every worker derives alike from the test's place."""
    given: int | None = request.config.getoption("--chaos-seed", default=None)
    file, _, name = request.node.location
    chosen = given if given is not None else stream(0, f"{file}::{name}").getrandbits(32)
    allure.dynamic.parameter("seed", chosen)
    return chosen


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """Return an empty folder for one run's history and verdict."""
    folder = tmp_path / "run"
    folder.mkdir()
    return folder
