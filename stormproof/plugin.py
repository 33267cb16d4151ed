"""The pytest plugin: a user's own test explores their guard, with ``chaos_explore(make).assert_held()``.

Light: it is loaded in every pytest session of every environment that holds stormproof, so at import it needs pytest
and nothing else. What the fixtures do is done by a process of its own (:mod:`stormproof.chaos`).
"""

from __future__ import annotations

import re
import subprocess
import zlib
from typing import TYPE_CHECKING, NamedTuple

import pytest

from stormproof.chaos_errors import ChaosError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from stormproof.chaos import ChaosExplore, Options

MARKER = "chaos_promise"


class Option(NamedTuple):
    """An option ``--chaos-NAME``, as pytest's help and our own pages show it."""

    name: str
    kind: type
    metavar: str
    meaning: str


EXPLORE = (
    Option("workers", int, "N", "processes of the first delivery; default 2"),
    Option("faults", int, "N", "faults per schedule at most; default 1"),
    Option("kinds", str, "KINDS", "fault kinds, separated by commas; default all"),
    Option("budget", float, "SECONDS", "after so many seconds the rest is left UNKNOWN"),
    Option("gate", str, "GATE", "who holds the processes: auto (default), greenlet or proxy"),
    Option("python", str, "PATH", "another interpreter, which runs the guard"),
    Option("jobs", int, "N", "processes, each with a server and a core of its own; default 1"),
    Option(
        "redis",
        str,
        "CHOICE",
        "embedded (default), embedded:6.2, path, container[:IMAGE:TAG], redis://..., unix://...",
    ),
    Option("allow-target", str, "HOST:PORT", "permission for an external Redis"),
)
"""The options that ``stormproof explore`` has too."""

OPTIONS = (
    *EXPLORE,
    Option("seed", int, "N", "seed of every test; the default is derived from each test's id"),
    Option(
        "runs",
        str,
        "DIR",
        "keep the run folder of every exploration in DIR; default: keep those of guards that did not hold, in "
        "stormproof-runs",
    ),
)
_MOST_NAME = 80


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options; each is for all tests, and an argument of the fixture overrides it."""
    group = parser.getgroup("stormproof", "stormproof: explore once-only guards (see `stormproof explore --help`)")
    for name, kind, metavar, meaning in OPTIONS:
        group.addoption(f"--chaos-{name}", type=kind, metavar=metavar, help=meaning)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", f"{MARKER}(name): the promise that chaos_explore holds the test's guard to")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep the summary to one line for each failure: in CI pytest does not cut it, and would repeat the picture."""
    report = yield
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None and call.excinfo is not None and isinstance(call.excinfo.value, ChaosError):
        crash.message = crash.message.partition("\n")[0]
    return report


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
        named={each.name: config.getoption(f"--chaos-{each.name}") for each in EXPLORE},
    )


def _name(item: pytest.Item) -> str:
    """Return a name for a test's run folders: its module and its own name."""
    said = f"{item.path.stem}.{item.name}"
    return re.sub(r"[^A-Za-z0-9._-]+", "-", said).strip("-")[:_MOST_NAME]


def _seed(item: pytest.Item) -> int:
    given: int | None = item.config.getoption("--chaos-seed")
    return zlib.crc32(item.nodeid.encode()) if given is None else given


def _promise(item: pytest.Item) -> str | None:
    marker = item.get_closest_marker(MARKER)
    if marker is None:
        return None
    if len(marker.args) != 1 or marker.kwargs or not isinstance(marker.args[0], str):
        pytest.fail(f'the marker takes one name: @pytest.mark.{MARKER}("at_most_once")', pytrace=False)
    name: str = marker.args[0]
    return name
