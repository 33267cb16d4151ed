"""Which planted guards a cross-check takes: its share of them, or with ``--planted all`` every one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.subjects.broken.registry import PLANTED

if TYPE_CHECKING:
    import pytest

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
