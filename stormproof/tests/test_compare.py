"""`stormproof compare` as a user calls it: what it says, what it leaves, how it ends; and the page that it made."""

from __future__ import annotations

import json
from importlib import metadata
from typing import TYPE_CHECKING

import pytest

from harness.explorer.tests.exploring import NEEDS_CLOCK
from harness.faults.registry import FAMILIES
from harness.subjects.peers.registry import PEERS
from reports.comparison import CLASSES
from stormproof.documents import ROOT
from stormproof.tests.running import run

if TYPE_CHECKING:
    from pathlib import Path

FEW = ("--kinds", "reply_lost,effect_reply_lost", "--seed", "1", "--jobs", "1")


def row_of(page: str, name: str) -> str:
    """Return the row of a guard in the table of classes."""
    table = page.partition("## What happened")[2]
    return next(line for line in table.splitlines() if line.startswith(f"| {name} |"))


def test_classes_hold_every_family_of_faults_once() -> None:
    """A new kind of fault has a place in the comparison, or this fails."""
    held = [family for each in CLASSES for family in each.families]
    assert sorted(held) == sorted(FAMILIES)


def test_guards_are_set_side_by_side(tmp_path: Path) -> None:
    """One breaks what it promises and one keeps it: the run is violated, and a replay line shows it again."""
    two = "peer.redis_lock,broken.delete_on_any_exception"
    said = run(tmp_path, "compare", "--subjects", two, *FEW, "--out", "run", "--json")
    assert said.code == 1, said.err
    lock, other = said.object["subjects"]
    assert (lock["subject"], lock["promise"], lock["verdict"]) == ("peer.redis_lock", "mutual_exclusion", "VALID")
    assert (lock["package"], lock["version"]) == ("redis", metadata.version("redis"))
    assert lock["says"] == PEERS["redis_lock"].says
    assert other["verdict"] == "INVALID"
    seen = {cell["class"]: cell for cell in other["cells"]}
    assert seen["effect in doubt"]["seen"] == "broken"
    assert seen["crash"]["why"] == "not asked for"
    again = run(tmp_path, *seen["effect in doubt"]["findings"][0]["replay"].split()[1:])
    assert again.code == 1
    assert "There again: at_most_once" in again.out
    assert json.loads((tmp_path / "run" / "comparison.json").read_text("utf-8")) == said.object
    assert row_of((tmp_path / "run" / "comparison.md").read_text("utf-8"), "peer.redis_lock")


def test_a_guard_that_reaches_the_limit_is_not_called_sound(tmp_path: Path) -> None:
    """The bound is said, what was not run is unknown, and the exit code says that nothing was shown."""
    said = run(tmp_path, "compare", "--subjects", "peer.redis_lock", *FEW, "--limit", "9", "--out", "run")
    assert said.code == 3, said.err
    assert "the limit of 9 schedules was reached" in " ".join(said.out.split())
    assert "held so far" in row_of((tmp_path / "run" / "comparison.md").read_text("utf-8"), "peer.redis_lock")


@pytest.mark.takes_long
@NEEDS_CLOCK
@pytest.mark.parametrize("name", ["redis_lock", "celery_singleton"])
def test_the_page_is_what_compare_shows(name: str, tmp_path: Path) -> None:
    """What the page says of a guard comes out again word by word, where its version is the one that is here."""
    page = (ROOT / "docs" / "comparison.md").read_text("utf-8")
    peer = PEERS[name]
    if not peer.is_installed or f"| peer.{name} | {peer.package} | {metadata.version(peer.package)} |" not in page:
        pytest.skip(f"the page was made with another version of {peer.package} than is installed")
    kinds = page.partition("fault kinds, one in a schedule: ")[2].partition("\n")[0].replace(" ", "")
    said = run(tmp_path, "compare", "--subjects", f"peer.{name}", "--kinds", kinds, "--seed", "1", "--out", "run")
    assert said.code in {0, 1}, said.err
    again = (tmp_path / "run" / "comparison.md").read_text("utf-8")
    assert row_of(again, f"peer.{name}") == row_of(page, f"peer.{name}")
