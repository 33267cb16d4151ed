"""What takes long: tests that take their parameters in turn, and those that only ``--thorough`` runs.

Several tests that look at the same planted guards or stories from different sides share them, so that together they
look at all. CI takes every one in each: once as everybody does, then with ``--left-out``.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

SHARES = 6
"""Of so many parameters in a row a test takes those whose places its marker names."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that leave nothing to turns, and that take what is left."""
    parser.addoption(
        "--thorough", action="store_true", help="run all tests, with all parameters, however long it takes"
    )
    parser.addoption("--left-out", action="store_true", help="run what a run without options leaves out, and no more")


def pytest_report_header(config: pytest.Config) -> str:
    """Say what is not run."""
    if config.getoption("--thorough"):
        return "thorough: each test takes all of its parameters, and none is left out for the time it takes"
    if config.getoption("--left-out"):
        return "left out: what a run without options leaves to others' turns or for the time it takes, and no more"
    return "not thorough: some tests take a part of their parameters, some are left out; see --thorough"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is another test's turn, unless everything or a single test was asked for.

    What takes long comes first: begun last, one process would work on it while the others have nothing left.
    """
    items.sort(key=lambda item: item.get_closest_marker("takes_long") is None)
    if config.getoption("--thorough") or any("::" in word for word in config.args):
        return
    met: Counter[str] = Counter()
    left_out = set()
    for item in items:
        marker = item.get_closest_marker("in_turn")
        if item.get_closest_marker("takes_long") is not None:
            left_out.add(item)
        elif marker is not None:
            test = item.nodeid.partition("[")[0]
            if met[test] % SHARES not in marker.args:
                left_out.add(item)
            met[test] += 1
    wanted = bool(config.getoption("--left-out"))
    config.hook.pytest_deselected(items=[item for item in items if (item in left_out) is not wanted])
    items[:] = [item for item in items if (item in left_out) is wanted]
