"""The table of requirements: no row is believed that names a test which is not there, was left out, or failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stormproof.documents import ROOT
from stormproof.requirements import rows
from stormproof.requirements.__main__ import main
from stormproof.requirements.page import requirements_page
from stormproof.saying import Exit
from stormproof.tests.pytest_runs import run_pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEAD = 'area = "Z"\ntitle = "Z: all there is"\nrows = 2\n'
WAITING = '[Z2]\nwhat = "Stops."\nwaits = "the brakes"\n'
SHOWN = '[Z1]\nwhat = "Runs."\nwhere = ["engine.py"]\ntests = ["tests/test_engine.py::test_runs"]\n'
GOOD = HEAD + SHOWN + WAITING

TESTS = """
import os
import pytest

@pytest.mark.parametrize("speed", [1, 2])
def test_runs(speed):
    if speed == 2 and "FUEL" in os.environ:
        assert os.environ["FUEL"] != "empty"
        if os.environ["FUEL"] == "away":
            pytest.skip("there is no fuel")

def test_other():
    pass
"""

WRONG = {
    "test-that-is-not-there": (GOOD.replace("::test_runs", "::test_flies"), "Z1: there is no test tests/test_engine"),
    "file-that-is-not-there": (GOOD.replace("test_engine.py", "test_motor.py"), "Z1: there is no test tests/test_mo"),
    "file-without-a-test": (GOOD.replace("::test_runs", ""), "Z1: tests/test_engine.py is no test; expected FILE::"),
    "place-that-is-not-there": (GOOD.replace('"engine.py"', '"motor.py"'), "Z1: motor.py is not in the tree"),
    "missing-row": (HEAD + WAITING, "area_z.toml has no row Z1"),
    "one-row-too-many": (GOOD + WAITING.replace("Z2", "Z3"), "has Z3, which is none of its 2 rows"),
    "wrong-order": (HEAD + WAITING + SHOWN, "its rows are not in the order"),
    "the-same-row-twice": (GOOD + WAITING, "area_z.toml is no TOML"),
    "neither-test-nor-reason": (HEAD + SHOWN + '[Z2]\nwhat = "Stops."\n', "Z2: expected exactly one of tests, waits"),
    "test-and-reason": (HEAD + SHOWN + 'left_out = "no"\n' + WAITING, "Z1: expected exactly one of tests, waits"),
    "nothing-asked-for": (GOOD.replace('what = "Stops."\n', ""), "Z2: what was asked for is missing"),
    "misspelt-key": (GOOD.replace("waits =", "wait ="), "Z2: wait is not known; expected some of left_out"),
    "text-for-list": (GOOD.replace('["engine.py"]', '"engine.py"'), "Z1: where is 'engine.py'; expected a list"),
    "empty-reason": (GOOD.replace('"the brakes"', '""'), "Z2: waits is ''; expected a text"),
    "waits-no-more": (GOOD + 'until = "engine.py"\n', "Z2: it waits until there is engine.py, which is there"),
    "until-without-waiting": (GOOD.replace("waits =", 'until = "x"\nleft_out ='), "Z2: until is of a row that waits"),
    "no-head": (SHOWN, "area_z.toml must open with area"),
}


@pytest.fixture
def tree(tmp_path: Path) -> Callable[..., Path]:
    """Return what makes a tree with these rows."""

    def make(text: str = GOOD) -> Path:
        folder = tmp_path / "tree"
        (folder / rows.FOLDER).mkdir(parents=True)
        (folder / rows.FOLDER / "area_z.toml").write_text(text, encoding="utf-8")
        (folder / "tests").mkdir()
        (folder / "tests/test_engine.py").write_text(TESTS, encoding="utf-8")
        (folder / "engine.py").write_text("", encoding="utf-8")
        return folder

    return make


def results(tree: Path, *words: str, fuel: str = "full") -> str:
    """Run the tests of the tree and return the place of their results."""
    place = tree.parent / f"{fuel}.xml"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUEL", fuel)
        run_pytest(tree, *(words or ("tests",)), "--rootdir", ".", "--junit-xml", str(place))
    return str(place)


def test_rows_of_this_tree_can_be_believed() -> None:
    """Every row is there, in its order, and names tests that are written, or says why there is none."""
    counts = {area.title[0]: len(area.rows) for area in rows.read(ROOT)}
    of_the_core = {"A": 26, "B": 14, "C": 56, "D": 15, "E": 8, "F": 13, "I": 32, "M": 34}
    assert counts == of_the_core | {"G": 15, "H": 26, "N": 20, "P": 25, "Q": 19}


def test_tests_that_passed_are_told(tree: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence with what was counted; no row is counted twice."""
    folder = tree()
    assert main([results(folder)], root=folder) == Exit.HELD
    assert capsys.readouterr().out == "2 requirements: 1 shown by 1 test that passed, 1 waiting, 0 left out\n"


@pytest.mark.parametrize(
    ("fuel", "words", "expected"),
    [
        ("empty", (), "requirement Z1: tests/test_engine.py::test_runs[2] did not pass (failure: AssertionError"),
        ("away", (), "requirement Z1: tests/test_engine.py::test_runs[2] was left out in every run (skipped: there"),
        (
            "full",
            ("tests/test_engine.py::test_other",),
            "requirement Z1: tests/test_engine.py::test_runs was not col",
        ),
    ],
    ids=["failed", "skipped", "not-collected"],
)
def test_test_that_shows_nothing_fails_its_row(
    fuel: str, words: tuple[str, ...], expected: str, tree: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """Failed, skipped or not collected, even if it is one case of several."""
    folder = tree()
    assert main([results(folder, *words, fuel=fuel)], root=folder) == Exit.VIOLATED
    said = capsys.readouterr().err
    assert expected in said
    assert said.count("\n") == 1


def test_what_one_run_skips_another_may_show(tree: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    """A step of CI that has what the first one lacks; but what failed in one stays failed."""
    folder = tree()
    skipped, passed, failed = (results(folder, fuel=fuel) for fuel in ("away", "full", "empty"))
    assert main([skipped, passed], root=folder) == Exit.HELD
    assert main([skipped, passed, failed], root=folder) == Exit.VIOLATED
    assert "did not pass" in capsys.readouterr().err


def test_row_may_name_one_case_of_a_test(tree: Callable[..., Path]) -> None:
    """The others then do not matter, and a case that is not there was not collected."""
    folder = tree(GOOD.replace("::test_runs", "::test_runs[1]"))
    place = results(folder, fuel="away")
    assert main([place], root=folder) == Exit.HELD
    area = folder / rows.FOLDER / "area_z.toml"
    area.write_text(area.read_text(encoding="utf-8").replace("[1]", "[3]"), encoding="utf-8")
    assert main([place], root=folder) == Exit.VIOLATED


@pytest.mark.parametrize("case", WRONG)
def test_wrong_row_is_named(
    case: str, tree: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before any result is looked at; the page of such rows is not written either."""
    text, expected = WRONG[case]
    folder = tree(text)
    (tmp_path / "results.xml").write_text("<testsuites/>", encoding="utf-8")
    assert main([str(tmp_path / "results.xml")], root=folder) == Exit.VIOLATED
    said = capsys.readouterr().err
    assert expected in said
    with pytest.raises(rows.RequirementsError):
        requirements_page(folder)


@pytest.mark.parametrize("words", [(), ("--help",), ("missing.xml",), ("broken.xml",)], ids=" ".join)
def test_wrong_usage_ends_with_2(
    words: tuple[str, ...], tree: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line says what was expected."""
    (tmp_path / "broken.xml").write_text("<testsuites>", encoding="utf-8")
    given = [str(tmp_path / word) if word.endswith(".xml") else word for word in words]
    assert main(given, root=tree()) == Exit.WRONG_INPUT
    assert capsys.readouterr().err.count("\n") == 1
