"""The durability tier as a user runs it: what the real validator says is borne out, and the report shows it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from harness.durability.lattice import full, smoke
from stormproof.parts import Part, parts_of, wanted
from stormproof.tests.running import run

if TYPE_CHECKING:
    from pathlib import Path

RUN = "run"
PLACE = "parts/durability-reference"


def parts(
    *, profile: str = "smoke", tiers: tuple[str, ...] = (), subjects: tuple[str, ...] = ("reference",)
) -> list[Part]:
    """Return the parts of the durability tier in such a campaign."""
    asked = wanted(profile=profile, tiers=list(tiers), only=[], subjects=list(subjects))
    return [part for part in parts_of(asked, seed=1) if part.tier == "durability"]


def test_whole_lattice_is_for_those_who_ask() -> None:
    """A campaign measures a few cells; the tier by its name, and the profile full, measure all."""
    assert [part.lattice for part in parts()] == [smoke()]
    assert [part.lattice for part in parts(tiers=("durability",))] == [full()]
    assert [part.lattice for part in parts(profile="full")] == [full()]


def test_lattice_is_no_judgement_of_another_guard() -> None:
    """It measures Redis through the reference guard, and is left out where somebody else's guard is judged."""
    assert parts(subjects=("twin.get_then_set",)) == []


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the few cells of a campaign once; return the run folder."""
    folder = tmp_path_factory.mktemp("durability")
    said = run(folder, "campaign", "--only", "durability", "--seed", "7", "--out", RUN)
    assert said.code == 0, said.out + said.err
    assert "cells by what the validator had said" in said.out
    return folder / RUN


@pytest.mark.takes_long
def test_validator_is_borne_out_on_real_servers(told: Path) -> None:
    """No forbidden cell, every cell witnessed, and both words and fates of every kind are there."""
    verdict = json.loads((told / PLACE / "verdict.json").read_text("utf-8"))
    section = verdict["durability"]
    assert (verdict["verdict"], section["forbidden"], len(section["cells"])) == ("VALID", [], len(smoke()))
    assert all(cell["witness"] for cell in section["cells"])
    assert section["matrix"].keys() == {"OK", "WARNING", "CRITICAL"}
    assert section["matrix"]["OK"].keys() == {"kept"}
    (plainest,) = {cell["word"] for cell in section["cells"] if cell["configuration"] == "appendfsync always"}
    assert plainest == "OK"


@pytest.mark.takes_long
def test_report_shows_matrix_table_and_picture(told: Path) -> None:
    """Every configuration is in the table and in the picture, which Allure gets too; what was not run is said."""
    names = {configuration.name for configuration, _ in smoke()}
    summary = (told / "summary.md").read_text("utf-8")
    picture = (told / PLACE / "durability.svg").read_text("utf-8")
    assert "| OK | no | " in summary
    assert all(f"| {name} | " in summary for name in names)
    assert set(re.findall(r"<text [^>]*>([^<]*)</text>", picture)) >= names
    assert f"({PLACE}/durability.svg)" in summary
    assert f"{len(full()) - len(smoke())} cells of it were not run here" in summary
    assert picture in [path.read_text("utf-8") for path in (told / "allure-results").glob("*.svg")]


def test_stored_lattice_is_judged_again_without_redis(told: Path, tmp_path: Path) -> None:
    """The same bytes come out, and one changed figure gives another verdict."""
    before = (told / PLACE / "verdict.json").read_bytes()
    assert run(tmp_path, "judge", str(told)).code == 0
    assert (told / PLACE / "verdict.json").read_bytes() == before
    cells = told / PLACE / "durability.json"
    stored = cells.read_text("utf-8")
    changed = json.loads(stored)
    changed["cells"][0]["kept"] -= 1
    try:
        cells.write_text(json.dumps(changed), "utf-8")
        assert run(tmp_path, "judge", str(told)).code == 1
        cells.write_text("{}", "utf-8")
        spoilt = run(tmp_path, "judge", str(told))
        assert (spoilt.code, spoilt.err.count("\n")) == (2, 1)
        assert "durability.json is malformed: expected schema 1 and a list of cells" in spoilt.err
    finally:
        cells.write_text(stored, "utf-8")
        run(tmp_path, "judge", str(told))
