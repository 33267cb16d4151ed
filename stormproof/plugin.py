"""The pytest plugin: a user's own test explores their guard, with ``chaos_explore(make).assert_held()``.

Light: it is loaded in every pytest session of every environment that holds stormproof, so at import it needs pytest
and nothing else. What the fixtures do is done by a process of its own (:mod:`stormproof.chaos`).
"""

from __future__ import annotations

import re
import subprocess
import zlib
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stormproof.chaos import ChaosExplore, Options

_MARKER = "chaos_promise"
_EXPLORE = ("workers", "faults", "kinds", "budget", "gate", "redis", "allow-target", "jobs")
_MOST_NAME = 80


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options; each is for all tests, and an argument of the fixture overrides it."""
    group = parser.getgroup("stormproof", "stormproof: explore once-only guards (see `stormproof explore --help`)")
    add = group.addoption
    add("--chaos-seed", type=int, metavar="N", help="seed of every test; the default is derived from each test's id")
    add("--chaos-workers", type=int, metavar="N", help="processes of the first delivery; default 2")
    add("--chaos-faults", type=int, metavar="N", help="faults per schedule at most; default 1")
    add("--chaos-kinds", metavar="KINDS", help="fault kinds, separated by commas; default all")
    add("--chaos-budget", type=float, metavar="SECONDS", help="after so many seconds the rest is left UNKNOWN")
    add("--chaos-gate", metavar="GATE", help="who holds the processes; default greenlet")
    add("--chaos-jobs", type=int, metavar="N", help="processes, each with a server and a core of its own; default 1")
    add("--chaos-redis", metavar="CHOICE", help="embedded (default), embedded:6.2, path, redis://..., unix://...")
    add("--chaos-allow-target", metavar="HOST:PORT", help="permission for an external Redis")
    add(
        "--chaos-runs",
        metavar="DIR",
        help="keep the run folder of every exploration in DIR; default: keep those of guards that did not hold, in "
        "stormproof-runs",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", f"{_MARKER}(name): the promise that chaos_explore holds the test's guard to")


@pytest.fixture
def chaos_explore(request: pytest.FixtureRequest) -> Iterator[ChaosExplore]:
    """Explore a guard: ``chaos_explore(make).assert_held()``."""
    from stormproof.chaos import ChaosExplore  # noqa: PLC0415 - only where it is used

    item = request.node
    explore = ChaosExplore(_options(request.config), test=_name(item), seed=_seed(item), promise=_promise(item))
    yield explore
    explore.finish()


@pytest.fixture
def chaos_redis(request: pytest.FixtureRequest) -> Iterator[str]:
    """Yield the URL of a fresh Redis server on loopback, which is gone after the test."""
    from stormproof.chaos import complaint_of, start_child  # noqa: PLC0415
    from stormproof.chaos_errors import CannotExploreError  # noqa: PLC0415

    options = _options(request.config)
    words = ("redis", options.named["redis"] or "embedded")
    with start_child(options.here, *words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        url = process.stdout.readline().strip() if process.stdout is not None else ""
        if url:
            yield url
        _, said = process.communicate()
    if not url:
        raise CannotExploreError(complaint_of(said, process.returncode, words))


def _options(config: pytest.Config) -> Options:
    from stormproof.chaos import Options  # noqa: PLC0415

    return Options(
        here=config.invocation_params.dir,
        runs=config.getoption("--chaos-runs"),
        named={name: config.getoption(f"--chaos-{name}") for name in _EXPLORE},
    )


def _name(item: pytest.Item) -> str:
    """Return a name for a test's run folders: its module and its own name."""
    said = f"{item.path.stem}.{item.name}"
    return re.sub(r"[^A-Za-z0-9._-]+", "-", said).strip("-")[:_MOST_NAME]


def _seed(item: pytest.Item) -> int:
    given: int | None = item.config.getoption("--chaos-seed")
    return zlib.crc32(item.nodeid.encode()) if given is None else given


def _promise(item: pytest.Item) -> str | None:
    marker = item.get_closest_marker(_MARKER)
    if marker is None:
        return None
    if len(marker.args) != 1 or marker.kwargs or not isinstance(marker.args[0], str):
        pytest.fail(f'the marker takes one name: @pytest.mark.{_MARKER}("at_most_once")', pytrace=False)
    name: str = marker.args[0]
    return name
