"""Trees that mean harm: a clear answer, no crash, no waiting for what never comes, and hardly more memory."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from verify.history.words import Verdict
from verify.rollout.baseline import of_file, rules_of
from verify.rollout.call_sites import call_sites
from verify.rollout.comparing import compared
from verify.rollout.configuration import read_configuration
from verify.rollout.dynamic_imports import dynamic_imports
from verify.rollout.errors import CannotCheckError, RolloutError
from verify.rollout.reading import whole
from verify.rollout.startup import startup_in_tree
from verify.rollout.tests.trees import ROOT, context_of, look
from verify.rollout.verifier import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from verify.rollout.manifest import Baseline

NOBODY = 65534


def _sources_of_effects(tree: Path, baseline: Baseline) -> object:
    effects = baseline.rules.effects
    assert effects is not None
    return call_sites(tree, effects, (".",))


def _sources_of_imports(tree: Path, _baseline: Baseline) -> object:
    return dynamic_imports(tree, ["adaptive"], (".",))


def _configuration(tree: Path, _baseline: Baseline) -> object:
    return read_configuration(tree / "config/config.yaml", "config/config.yaml")


def _rules(tree: Path, _baseline: Baseline) -> object:
    return rules_of(tree)


def _baseline(tree: Path, _baseline: Baseline) -> object:
    return of_file(tree / "rollout-baseline.json", None)


READ: dict[str, tuple[str, Callable[[Path, Baseline], object]]] = {
    "a source, for its effects": ("adaptive/learner.py", _sources_of_effects),
    "a source, for its imports": ("adaptive/learner.py", _sources_of_imports),
    "the configuration": ("config/config.yaml", _configuration),
    "the rules": ("rollout.toml", _rules),
    "the baseline": ("rollout-baseline.json", _baseline),
}
"""What is read of a tree as a whole: its place, and who reads it."""


def _pipe(place: Path) -> None:
    os.mkfifo(place)


def _device(place: Path) -> None:
    place.symlink_to("/dev/zero")


@pytest.mark.parametrize("odd", [_pipe, _device])
@pytest.mark.parametrize("what", READ)
def test_what_is_no_file_is_not_read(tree: Path, baseline: Baseline, what: str, odd: Callable[[Path], None]) -> None:
    """A pipe would keep a reader waiting, and a device would fill the memory."""
    place, read = READ[what]
    (tree / place).unlink()
    odd(tree / place)
    with pytest.raises((CannotCheckError, RolloutError), match="it is a folder, pipe, socket or device, and no file"):
        read(tree, baseline)


def test_what_is_larger_than_a_source_can_be_is_not_read(tmp_path: Path) -> None:
    """Its holes cost nothing on a disk, and all of the memory."""
    with (tmp_path / "large.py").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(CannotCheckError, match="it holds more than 67,108,864 bytes"):
        whole(tmp_path / "large.py")
    (tmp_path / "link.py").symlink_to("small.py")
    (tmp_path / "small.py").write_bytes(b"content")
    assert whole(tmp_path / "link.py") == b"content"


def test_a_start_up_file_that_is_a_pipe_is_unknown(tree: Path) -> None:
    """What it would say is not known."""
    os.mkfifo(tree / "a.pth")
    (finding,) = startup_in_tree(tree, ())
    assert (finding.verdict, finding.path) == (Verdict.UNKNOWN, "a.pth")


def test_a_report_can_be_printed_whatever_the_tree_is_called(tree: Path, baseline: Baseline) -> None:
    """What the user named may be bytes that are no text."""
    report = verify(context_of(tree, baseline), baseline=os.fsdecode(b"tree\xff\n"), checks=[])
    assert report.baseline == "tree%ff%0a"


def test_links_that_lead_round_are_not_followed(tree: Path, baseline: Baseline) -> None:
    """A folder that contains itself is walked once, and what is new in it is the link."""
    for place in ("risk/again", "adaptive/again"):
        (tree / place).symlink_to("..")
    assert look(tree, baseline, ["adaptive_isolated"]).verdict is Verdict.VALID
    for place in ("risk/itself.py", "adaptive/itself.py"):
        (tree / place).symlink_to("itself.py")
    findings = compared(tree, baseline.entries, baseline.rules.all_protected, baseline.entries)
    assert sorted(finding.path for finding in findings) == ["risk/again", "risk/itself.py"]
    assert list(startup_in_tree(tree, baseline.entries)) == []
    with pytest.raises(CannotCheckError, match=r"adaptive/itself\.py cannot be read as Python"):
        _sources_of_imports(tree, baseline)


@contextmanager
def nobody() -> Iterator[None]:
    """Read files as somebody to whom nothing is granted, where the tests run as the administrator."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)


def test_what_cannot_be_read_is_unknown_and_the_rest_is_compared(tree: Path, baseline: Baseline) -> None:
    """A file and a folder without permissions: named, and no other finding hides behind them."""
    with tempfile.TemporaryDirectory() as folder:
        open_to_all = shutil.copytree(tree, Path(folder, "tree"))
        for place in (Path(folder), open_to_all):
            place.chmod(0o755)
        (open_to_all / "risk/kill_switch.py").unlink()
        shut = [open_to_all / "risk/gates.py", open_to_all / "execution"]
        for place in shut:
            place.chmod(0)
        with nobody():
            patterns = baseline.rules.all_protected
            findings = list(compared(open_to_all, baseline.entries, patterns, baseline.entries))
            with pytest.raises(CannotCheckError, match="execution cannot be looked into: Permission denied"):
                _sources_of_effects(open_to_all, baseline)
            (unseen,) = startup_in_tree(open_to_all, baseline.entries)
        shut[1].chmod(0o755)
    assert {(finding.path, finding.rule, finding.verdict) for finding in findings} == {
        ("risk/gates.py", "unreadable", Verdict.UNKNOWN),
        ("risk/kill_switch.py", "missing", Verdict.INVALID),
        ("execution", "unreadable", Verdict.UNKNOWN),
    }
    assert (unseen.path, unseen.verdict) == ("execution", Verdict.UNKNOWN)


MEASURED = """
import sys
from pathlib import Path
from verify.rollout.baseline import of_file
from verify.rollout.call_sites import call_sites
from verify.rollout.comparing import compared
from verify.rollout.findings import first
from verify.rollout.shadows import shadows
from verify.rollout.startup import startup_in_tree

def peak_kib():
    # What getrusage says counts whoever started this process, too.
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))

tree, held = Path(sys.argv[1]), of_file(Path(sys.argv[2]), None)
before = peak_kib()
findings = first(compared(tree, held.entries, held.rules.all_protected, held.entries), 20)
list(shadows(tree, held.entries, held.entries, (".",)))
list(startup_in_tree(tree, held.entries))
call_sites(tree, held.rules.effects, (".",))
print(peak_kib() - before, findings[-1].sentence)
"""
"""Prints by how many KiB the memory grew, and the last thing that was said."""


@pytest.mark.takes_long
def test_memory_does_not_grow_with_the_files_that_nobody_knows(tree: Path) -> None:
    """They are many in one folder; each is new, some are shown and all are counted."""
    number, most_kib = 60_000, 6_144
    seed = tree / "execution/seed"
    seed.write_bytes(b"")
    try:
        for each in range(number - 1):
            if each % 50_000 == 0:
                # A file has only so many names.
                (tree / f"execution/{each}.py").write_bytes(b"")
            else:
                os.link(tree / f"execution/{each - each % 50_000}.py", tree / f"execution/{each}.py")
        command = [
            sys.executable,
            "-c",
            MEASURED,
            str(tree),
            str(ROOT / "examples/trading_app/rollout-baseline.json"),
        ]
        said = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    finally:
        shutil.rmtree(tree)
    grown, _, sentence = said.strip().partition(" ")
    assert sentence == f"{number - 20:,} more of this kind (new)"
    assert int(grown) < most_kib, grown
