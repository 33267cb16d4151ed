"""What a subject imports is found again by a replay, and by the file alone where that is enough."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from harness.explorer.schedule import Schedule, load_schedule
from harness.subjects import search_path
from harness.subjects.loading import load_subject
from harness.subjects.search_path import own_places, search_also, search_beside

ROOT = Path(search_path.__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _own_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let each test have a search path and a working folder of its own."""
    monkeypatch.setattr(sys, "path", [str(ROOT)])
    monkeypatch.setenv("PYTHONPATH", "")
    monkeypatch.chdir(tmp_path)


def test_own_places_are_those_that_the_user_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder below the working folder is named from there; ours is not the user's."""
    named = [str(ROOT), str(tmp_path / "src"), "tests", "/elsewhere", "tests"]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(named))
    assert own_places() == ("src", "tests", "/elsewhere")


def test_search_also_is_for_this_process_and_its_children(tmp_path: Path) -> None:
    """Both search there first, and once."""
    search_also(["src", "src"])
    search_also(["src"])
    assert sys.path == [str(tmp_path / "src"), str(ROOT)]
    assert os.environ["PYTHONPATH"] == str(tmp_path / "src")


def test_a_file_finds_its_package_and_its_neighbours(tmp_path: Path) -> None:
    """The outermost package of a file lies in a folder that is searched, last."""
    inner = tmp_path / "shop" / "orders"
    inner.mkdir(parents=True)
    for folder in (inner, inner.parent):
        (folder / "__init__.py").touch()
    assert search_beside(inner / "guard.py") == "shop.orders"
    assert search_beside(tmp_path / "guard.py") == ""
    assert sys.path == [str(ROOT), str(tmp_path)]


def test_a_guard_in_a_package_may_import_as_its_package_does(tmp_path: Path) -> None:
    """Relative imports of a guard that was given by its file lead where they lead in production."""
    package = tmp_path / "search_path_shop"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "keys.py").write_text("PREFIX = 'order:'\n", "utf-8")
    source = "from .keys import PREFIX\ndef make(url, lease_s):\n    return PREFIX\n"
    (package / "guard.py").write_text(source, "utf-8")
    subject = load_subject("search_path_shop/guard.py:make")
    assert subject.place == "search_path_shop.guard:make"
    assert os.environ["PYTHONPATH"] == str(tmp_path)
    assert subject.load()("", 0.0) == "order:"  # type: ignore[comparison-overlap]


def test_a_schedule_knows_where_imports_are(tmp_path: Path) -> None:
    """An older file that does not say so is read as before."""
    schedule = Schedule(
        subject="guard.py:make",
        promise="at_most_once",
        workload="same",
        workers=2,
        kinds=(),
        redis="embedded",
        seed=0,
        decisions=("w0",),
        imports_from=("src",),
    )
    place = tmp_path / "schedule.json"
    place.write_text(schedule.dumps(), "utf-8")
    assert load_schedule(place) == schedule
    place.write_text(schedule.dumps().replace("imports_from", "unheard_of"), "utf-8")
    assert load_schedule(place).imports_from == ()
