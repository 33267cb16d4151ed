"""Whoever forks a subject's processes has loaded before what they need."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from harness.explorer.proxy.supply import Forker, python_argv
from harness.explorer.proxy.tests.held import written
from harness.processes.faked_clock import FakedClock

if TYPE_CHECKING:
    from pathlib import Path

GUARD = """
    import sys

    def make(redis_url, lease_s):
        return lambda key, payload, effect: effect(payload)

    make.promise = "colorsys" if "colorsys" in sys.modules else "nothing"
"""


def test_packages_are_loaded_before_anything_is_forked(tmp_path: Path) -> None:
    """What the subject imports only when it is asked for a guard would else be imported in each of its processes."""
    place = written(tmp_path, GUARD)
    said = []
    for packages in ((), ("colorsys",)):
        argv = python_argv("", place, again=True, packages=packages)
        forker = Forker(argv, log=tmp_path / "log", env=os.environ)
        forker.close()
        said.append(forker.said["promise"])
    assert said == ["nothing", "colorsys"]


def test_waits_by_a_clock_that_is_not_moved_are_left_alone(tmp_path: Path) -> None:
    """What libfaketime corrects there lets threads spin; where monotonic clocks move, it is needed."""
    kept, moved = (
        _environment(tmp_path / name, fakes_monotonic=fakes) for name, fakes in (("kept", False), ("moved", True))
    )
    assert kept["FAKETIME_FORCE_MONOTONIC_FIX"] == "0"
    assert "FAKETIME_FORCE_MONOTONIC_FIX" not in moved


def _environment(folder: Path, *, fakes_monotonic: bool) -> dict[str, str]:
    folder.mkdir()
    clock = FakedClock(folder / "library", folder, fakes_monotonic=fakes_monotonic)
    clock.close()
    return clock.environment({})
