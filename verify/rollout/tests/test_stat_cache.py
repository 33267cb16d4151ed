"""A first look believes the system which files nobody has touched, and is fooled by nothing else."""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from verify.rollout.comparing import compared
from verify.rollout.stat_cache import StatCache
from verify.rollout.tests.trees import UNCHANGED, failing, look

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from verify.rollout.findings import Finding
    from verify.rollout.manifest import Baseline

VICTIM = "execution/orders.py"


@pytest.fixture(params=["", "of a file"])
def baseline(baseline: Baseline, request: pytest.FixtureRequest) -> Baseline:
    """Return the baseline as if it were read from a file, so that whole folders are remembered, or not."""
    return replace(baseline, digest=request.param)


def settled(place: Path, tree: Path) -> StatCache:
    """Return a cache that was opened later than every file of the tree was touched, as the file system counts."""
    place.mkdir(exist_ok=True)
    last = max(os.lstat(path).st_ctime_ns for path in tree.rglob("*"))
    while True:
        (place / "tick").write_bytes(b"")
        if (place / "tick").stat().st_ctime_ns > last:
            return StatCache(place / "cache.json", tree, settled_s=0.0)


def seen(tree: Path, baseline: Baseline, cache: StatCache) -> list[Finding]:
    """Compare all protected files, and keep what was seen."""
    findings = list(looked(tree, baseline, cache))
    cache.save()
    return findings


def looked(tree: Path, baseline: Baseline, cache: StatCache) -> Generator[Finding]:
    """Compare protected files, one after the other."""
    patterns = baseline.rules.all_protected
    return compared(tree, baseline.entries, patterns, baseline.entries, cache, digest=baseline.digest)


def test_second_look_reads_nothing(tree: Path, baseline: Baseline, tmp_path: Path) -> None:
    """The first one reads every file, the next one none."""
    for taken in (0, len(baseline.entries)):
        cache = settled(tmp_path / "caches", tree)
        assert seen(tree, baseline, cache) == []
        assert cache.taken == taken


def _same_size_and_time(file: Path) -> None:
    """Change a byte, and set the time of the change back."""
    status, content = file.stat(), file.read_bytes()
    file.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def _other_file_in_its_place(file: Path) -> None:
    status, content = file.stat(), file.read_bytes()
    other = file.with_name("other")
    other.write_bytes(content[:-1] + b"#")
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(file)


def _executable(file: Path) -> None:
    file.chmod(0o755)


def _link(file: Path) -> None:
    file.rename(file.with_name("elsewhere.py"))
    file.symlink_to("elsewhere.py")


def _gone(file: Path) -> None:
    file.unlink()


@pytest.mark.parametrize("change", [_same_size_and_time, _other_file_in_its_place, _executable, _link, _gone])
def test_whatever_touches_a_file_is_seen(
    change: Callable[[Path], None], tree: Path, baseline: Baseline, tmp_path: Path
) -> None:
    """Content, mode, kind and place, though size and time of the last change are as before."""
    assert seen(tree, baseline, settled(tmp_path / "caches", tree)) == []
    change(tree / VICTIM)
    for _ in range(2):
        cache = settled(tmp_path / "caches", tree)
        assert VICTIM in {finding.path for finding in seen(tree, baseline, cache)}
    assert cache.taken >= len(baseline.entries) - 2


def test_change_leaves_the_others_unread(tree: Path, baseline: Baseline, tmp_path: Path) -> None:
    """Of the changed file's folder, too."""
    assert seen(tree, baseline, settled(tmp_path / "caches", tree)) == []
    _same_size_and_time(tree / VICTIM)
    cache = settled(tmp_path / "caches", tree)
    assert [finding.path for finding in seen(tree, baseline, cache)] == [VICTIM]
    assert cache.taken == len(baseline.entries) - 1


def test_what_came_or_went_is_seen_at_each_look(tree: Path, baseline: Baseline, tmp_path: Path) -> None:
    """A new file, and a folder that is gone, whatever is remembered of the others."""
    assert seen(tree, baseline, settled(tmp_path / "caches", tree)) == []
    (tree / "execution" / "more.py").write_bytes(b"")
    shutil.rmtree(tree / "risk")
    for _ in range(2):
        findings = seen(tree, baseline, settled(tmp_path / "caches", tree))
        assert {finding.path for finding in findings if finding.rule == "new"} == {"execution/more.py"}
        gone = {path for path in baseline.entries if path.startswith("risk/")}
        assert {finding.path for finding in findings if finding.rule == "missing"} == gone


def test_folder_is_remembered_with_its_baseline_alone(tree: Path, baseline: Baseline, tmp_path: Path) -> None:
    """What was as one baseline has it may be otherwise for another."""
    assert seen(tree, baseline, settled(tmp_path / "caches", tree)) == []
    entries = {**baseline.entries, VICTIM: baseline.entries[VICTIM]._replace(sha256="0" * 64)}
    other = replace(baseline, entries=entries, digest=f"another, {baseline.digest}")
    assert [finding.path for finding in seen(tree, other, settled(tmp_path / "caches", tree))] == [VICTIM]


def test_look_that_broke_off_is_not_remembered(tree: Path, baseline: Baseline, tmp_path: Path) -> None:
    """What it had not come to yet is looked at by the next one."""
    changed = {VICTIM, "risk/gates.py", "paper_gate/gate.py"}
    for path in changed:
        _same_size_and_time(tree / path)
    cache = settled(tmp_path / "caches", tree)
    with closing(looked(tree, baseline, cache)) as findings:
        assert next(findings).path in changed
    cache.save()
    assert {finding.path for finding in seen(tree, baseline, settled(tmp_path / "caches", tree))} == changed


def test_file_that_was_touched_just_before_is_read_again(tree: Path, baseline: Baseline, tmp_path: Path) -> None:
    """Within a tick of the clock it could be touched again and look the same."""
    for _ in range(2):
        cache = StatCache(tmp_path / "cache.json", tree, settled_s=3600.0)
        assert seen(tree, baseline, cache) == []
        assert cache.taken == 0


@pytest.mark.parametrize(
    "held",
    [
        "",
        "{",
        '{"schema": 2}\n{}',
        '{"schema": 2, "tree": "TREE", "folders": {}}',
        '{"schema": 2, "tree": "TREE", "folders": {}}\n{"VICTIM": 5}',
        '{"schema": 2, "tree": "TREE", "folders": {"x": 5}}\n{}',
        "[]",
    ],
)
def test_damaged_cache_says_nothing(held: str, tree: Path, baseline: Baseline, tmp_path: Path) -> None:
    """Every file is read, and the next cache is whole."""
    assert seen(tree, baseline, settled(tmp_path / "caches", tree)) == []
    text = held.replace("TREE", str(tree)).replace("VICTIM", VICTIM)
    (tmp_path / "caches" / "cache.json").write_text(text, encoding="utf-8")
    cache = settled(tmp_path / "caches", tree)
    assert seen(tree, baseline, cache) == []
    assert cache.taken == 0
    assert {path.name for path in (tmp_path / "caches").iterdir()} == {"tick", "cache.json"}


def test_cache_of_another_tree_says_nothing(tree: Path, baseline: Baseline, tmp_path: Path) -> None:
    """A copy with the same names is another tree."""
    assert seen(tree, baseline, settled(tmp_path / "caches", tree)) == []
    copy = tree.rename(tmp_path / "copy")
    cache = settled(tmp_path / "caches", copy)
    assert seen(copy, baseline, cache) == []
    assert cache.taken == 0


def test_report_says_that_it_is_for_no_release(tree: Path, baseline: Baseline, tmp_path: Path) -> None:
    """In its last line, in what was looked at, and in its JSON."""
    assert seen(tree, baseline, settled(tmp_path / "caches", tree)) == []
    report = look(tree, baseline, UNCHANGED, cache=settled(tmp_path / "caches", tree))
    assert failing(report) == {}
    assert report.summary == f"All checks passed: {len(UNCHANGED)}/{len(UNCHANGED)} (--fast: not for a release)"
    assert report.to_object()["fast"] is True
    execution = next(result for result in report.results if result.id == "execution_unchanged")
    assert any("were not read" in line and "not for a release" in line for line in execution.evidence)
    assert not any(line.startswith("0 of them") for line in execution.evidence)
