"""``stormproof faults`` lists what the registries hold, for people and for programs."""

from __future__ import annotations

from pathlib import Path

from harness.faults.registry import ALL as KINDS
from harness.nemesis.registry import ALL as REAL
from stormproof.tests.running import run

_NEMESIS = Path(__file__).parents[2] / "harness/nemesis"


def test_both_groups_are_listed(tmp_path: Path) -> None:
    """Every kind and every real fault, with its words, its providers and its own arguments."""
    said = run(tmp_path, "faults", "--json").object
    assert [row["name"] for row in said["faults"]] == list(KINDS)
    assert [row["name"] for row in said["real_faults"]] == list(REAL)
    cut = next(row for row in said["real_faults"] if row["name"] == "aof_tail_cut")
    assert cut["what"] == REAL["aof_tail_cut"].what
    assert (cut["needs"], cut["providers"], cut["arguments"]) == (["append_only"], ["embedded", "path"], ["writes"])
    assert all(
        all(row[word] for word in ("witness", "demand", "heals", "blast_radius")) for row in said["real_faults"]
    )


def test_people_are_told_the_same(tmp_path: Path) -> None:
    """Each name has a line, with what is done and how it is seen."""
    told = run(tmp_path, "faults").out
    for fault in REAL.values():
        assert f"\n{fault.name} (on: " in told
        assert fault.witness in told
    assert all(f"\n{name} (strikes: " in told for name in KINDS)


def test_every_file_with_a_fault_is_in_the_registry() -> None:
    """One fault per file, of the file's name; none is forgotten."""
    files = {path.stem for path in _NEMESIS.glob("*.py") if "FAULT = RealFault(" in path.read_text("utf-8")}
    assert files == set(REAL)
