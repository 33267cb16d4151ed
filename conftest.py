"""Fixtures of every room: a server and a venue of one's own, one seed, one folder, Allure labels. No logic."""

from __future__ import annotations

from typing import TYPE_CHECKING

import allure
import pytest

from harness import clock
from harness.processes.faked_clock import find_library
from harness.redis_server.server import RedisServer
from harness.seed import stream
from harness.subjects.broken.registry import PLANTED
from harness.venue.venue import Venue

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


collect_ignore = ["stormproof/tests/sample_repository"]
"""Somebody else's tests, which are run where they belong."""


SHARES = 3
"""Cross-checks of the explorer that share the planted guards among them, where not every one takes all."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that says how many planted guards a cross-check of the explorer takes."""
    parser.addoption("--planted", choices=("share", "all"), default="share", help="for cross-checks: default share")


def pytest_report_header(config: pytest.Config) -> str:
    """Say what is not run."""
    if config.getoption("--planted") == "all":
        return "planted guards: each cross-check of the explorer takes every one"
    return f"planted guards: each cross-check of the explorer takes 1 in {SHARES}; --planted all takes every one"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test that is marked ``planted(share)`` its share of the planted guards, or all of them."""
    marker = metafunc.definition.get_closest_marker("planted")
    if marker is not None:
        takes_all = metafunc.config.getoption("--planted") == "all"
        metafunc.parametrize("name", list(PLANTED)[0 if takes_all else marker.args[0] :: 1 if takes_all else SHARES])


@pytest.fixture(autouse=True)
def allure_labels(request: pytest.FixtureRequest) -> None:
    """Label the test in Allure: epic = room, feature = module."""
    path = request.path.relative_to(request.config.rootpath)
    allure.dynamic.epic(path.parts[0])  # type: ignore[no-untyped-call]
    allure.dynamic.feature(path.stem.removeprefix("test_"))  # type: ignore[no-untyped-call]


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
