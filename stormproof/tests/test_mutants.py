"""The mutations can be made, and the program that makes them says which were not noticed, not made, or not shown."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from stormproof.requirements.rows import read

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / ".ci" / "mutants.py"
AREAS = set("ABCDEFIM")
DRAWN = 20


def known() -> list[dict[str, Any]]:
    """Return the mutations as they are written down."""
    held: list[dict[str, Any]] = tomllib.loads(PROGRAM.with_suffix(".toml").read_text(encoding="utf-8"))["mutation"]
    return held


def test_every_mutation_can_be_made_and_names_a_test_of_its_row() -> None:
    """What it changes stands in its file once, and a draw means something: there are twice as many, of each area."""
    rows = {row.id: row for area in read(ROOT) for row in area.rows}
    mutations = known()
    assert len({each["row"] for each in mutations}) == len(mutations) >= 2 * DRAWN
    assert {each["row"][0] for each in mutations} == AREAS
    for each in mutations:
        text = (ROOT / each["file"]).read_text(encoding="utf-8")
        assert text.count(each["old"]) == 1, each["row"]
        assert each["old"] != each["new"]
        assert each["test"] in rows[each["row"]].tests


@pytest.fixture(name="mutants")
def _mutants(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return the program on a small tree of one requirement, of which one mutation is written down."""
    tree = tmp_path / "tree"
    rows = tree / "stormproof" / "requirements"
    rows.mkdir(parents=True)
    row = 'what = "Two and two."\nwhere = ["sums.py"]\ntests = ["test_sums.py::test_sum"]\n'
    (rows / "area_z.toml").write_text(f'area = "Z"\ntitle = "Z: sums"\nrows = 1\n[Z1]\n{row}', encoding="utf-8")
    (tree / "sums.py").write_text("def add(one, other):\n    return one + other\n", encoding="utf-8")

    def run(*arguments: str, old: str = "one + other", new: str, wanted: int = 4, test: str = "test_sum") -> Any:
        body = f"from sums import add\n\n\ndef test_sum():\n    assert add(2, 2) == {wanted}\n"
        (tree / "test_sums.py").write_text(body, encoding="utf-8")
        mutation = {"row": "Z1", "file": "sums.py", "says": "it is wrong", "test": f"test_sums.py::{test}"}
        lines = [f"{name} = {value!r}" for name, value in {**mutation, "old": old, "new": new}.items()]
        mutations = tmp_path / "mutants.toml"
        mutations.write_text("\n".join(["[[mutation]]", *lines]), encoding="utf-8")
        where = ["--tree", str(tree), "--mutations", str(mutations), "--draw", "1", "--seed", "3"]
        program = [sys.executable, str(PROGRAM), *where, *arguments]
        return subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)

    return run


@pytest.mark.in_turn(0)
@pytest.mark.parametrize(
    ("how", "said", "status"),
    [
        ({"new": "one - other"}, "Z1: it is wrong: noticed by test_sums.py::test_sum", 0),
        ({"new": "one * other"}, "SURVIVED: test_sums.py::test_sum passes all the same", 1),
        ({"old": "no such text", "new": "x"}, "NOT MADE: what it changes stands in sums.py 0 times", 1),
        ({"new": "one - other", "wanted": 5}, "NOT SHOWN: test_sums.py::test_sum ended with 1 without", 1),
        ({"new": "("}, "NOT SHOWN: test_sums.py::test_sum ended with", 1),
        ({"new": "one - other", "test": "test_other"}, "names test_sums.py::test_other, which is no test", 2),
    ],
)
def test_what_became_of_a_mutation_is_said(
    mutants: Callable[..., subprocess.CompletedProcess[str]], how: dict[str, Any], said: str, status: int
) -> None:
    """Only a test that passed before and fails now counts; a file that cannot be read is no failed test."""
    ended = mutants(**how)
    assert said in ended.stdout, ended.stdout + ended.stderr
    assert ended.returncode == status


def test_the_seed_is_printed_and_draws_the_same_again() -> None:
    """Of a draw that nobody asked for, the number is known afterwards; more than there are cannot be drawn."""
    more = len(known()) + 1
    ended = subprocess.run(
        [sys.executable, str(PROGRAM), "--draw", str(more)], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (
        2,
        f"-- wrong input: --draw is {more}; expected a number from 1 to {more - 1}\n",
    )
