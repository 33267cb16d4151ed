"""The writer of the audit is killed at every step, and the power is cut there: nothing acknowledged is lost."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from safety_core.job_safety.retry_audit import Phase, RetryAudit
from safety_core.job_safety.tests.shaky_disk import UnsyncedDisk, cut_power

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with what was left behind at each step."""
    root = tmp_path_factory.mktemp("killed")
    program = [sys.executable, "-W", "ignore", "-m", "safety_core.job_safety.tests.killed_writer", str(root)]
    subprocess.run(program, check=True)
    return root


def look_through(folder: Path) -> None:
    """Check what every reader may rely on, before and after a successor has compacted what was left."""
    told = (folder / "acknowledged").read_text(encoding="utf-8").splitlines()
    audit = RetryAudit(folder / "audit", disk=UnsyncedDisk())
    for _ in range(2):
        records = audit.query()
        verified = audit.verify()
        assert verified.problems == ()
        ended = Counter(f"{each.action} {each.job_id}" for each in records if each.phase is not Phase.INTENT)
        assert all(ended[line] == 1 for line in told), f"{told} were acknowledged, {ended} is there"
        assert set(ended.values()) <= {1}
        intended = {each.job_id for each in records if each.phase is Phase.INTENT}
        done = {path.name.removeprefix("done-") for path in folder.glob("done-*")}
        assert done <= intended, "an act was done that is not written down"
        audit.flush()
    assert not list((folder / "audit" / "journal").glob("*.jsonl"))


def steps_of(root: Path) -> list[Path]:
    """Return the folder of each step."""
    return sorted(root.glob("step-*"))


def test_nothing_acknowledged_is_lost_when_the_writer_is_killed(killed: Path, tmp_path: Path) -> None:
    """At each step: what was acknowledged is there once, no chain has a gap, no act was done unwritten."""
    assert len(steps_of(killed)) > 100
    for left in steps_of(killed):
        look_through(shutil.copytree(left, tmp_path / left.name))


def test_nothing_acknowledged_is_lost_when_the_power_is_cut(killed: Path, tmp_path: Path) -> None:
    """The same, with everything gone that was not synced: without an fsync this fails."""
    for left in steps_of(killed):
        folder = tmp_path / left.name
        shutil.move(left, folder)
        notes = folder / "notes"
        notes.write_text(notes.read_text(encoding="utf-8").replace(str(left), str(folder)), encoding="utf-8")
        cut_power(notes)
        look_through(folder)
