"""Shares of several processes have no gap and no overlap, and a process that ends too early is no pass."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from verify.history.words import Verdict
from verify.rollout import share_reader
from verify.rollout.comparing import compared
from verify.rollout.rules import Group
from verify.rollout.sharing import shared
from verify.rollout.tests.trees import baseline_of, commit, context_of, flip
from verify.rollout.unchanged import unchanged

if TYPE_CHECKING:
    from pathlib import Path

    from verify.rollout.findings import Finding
    from verify.rollout.manifest import Baseline

LEAST = 4
FILES = [f"execution/part_{number}.py" for number in range(101)]


@pytest.fixture
def large(tree: Path) -> Path:
    """Return a tree with enough files to be shared out."""
    for number, path in enumerate(FILES):
        (tree / path).write_text(f"part = {number}\n", encoding="utf-8")
    commit(tree)
    return tree


def seen(tree: Path, baseline: Baseline, jobs: int, python: str = sys.executable) -> list[Finding]:
    """Compare all that is protected, in small batches, once the other processes have ended."""
    patterns = baseline.rules.all_protected
    with shared(tree, baseline.entries, jobs, least=LEAST, python=python) as share:
        assert share is not None
        for process, _ in share._readers:
            process.wait()
        return list(compared(tree, baseline.entries, patterns, baseline.entries, share=share))


@pytest.mark.parametrize("jobs", [2, 4])
def test_every_file_is_read_by_one_process(large: Path, jobs: int) -> None:
    """Every one of them differs and is found, once, and none where nothing differs."""
    baseline = baseline_of(large)
    assert seen(large, baseline, jobs) == []
    other = {path: entry._replace(sha256="0" * 64) for path, entry in baseline.entries.items()}
    findings = seen(large, replace(baseline, entries=other), jobs)
    assert sorted(finding.path for finding in findings) == sorted(baseline.entries)
    assert {finding.rule for finding in findings} == {"changed"}


def test_several_processes_take_part(large: Path) -> None:
    """What another one has compared, this one does not read."""
    baseline = baseline_of(large)
    with shared(large, baseline.entries, 2, least=LEAST) as share:
        assert share is not None
        for process, _ in share._readers:
            process.wait()
        assert list(share.own()) == []
        assert list(share.otherwise()) == list(share.lost()) == []


@pytest.mark.parametrize("jobs", [1, 2])
def test_report_does_not_depend_on_how_many_read(large: Path, jobs: int) -> None:
    """A changed byte, a new file, one that is gone, a link and a mode are found by whoever reads them."""
    baseline = baseline_of(large)
    flip(large / FILES[50])
    (large / FILES[60]).chmod(0o755)
    (large / FILES[70]).unlink()
    (large / FILES[80]).rename(large / "elsewhere.py")
    (large / FILES[80]).symlink_to("../elsewhere.py")
    (large / "execution/more.py").write_bytes(b"")
    context = replace(context_of(large, baseline), jobs=jobs)
    result = unchanged(context, Group.EXECUTION, id="x", title="X", claim="X holds.")
    assert result.verdict is Verdict.INVALID
    assert failing_paths(result.findings) == {
        "changed": [FILES[50], FILES[60], FILES[80]],
        "missing": [FILES[70]],
        "new": ["execution/more.py"],
    }


def failing_paths(findings: tuple[Finding, ...]) -> dict[str, list[str]]:
    """Return the paths of the findings by rule, in order."""
    rules = sorted({finding.rule for finding in findings})
    return {rule: sorted(finding.path for finding in findings if finding.rule == rule) for rule in rules}


def stand_in(place: Path, code: str) -> str:
    """Return an interpreter that runs *code* whatever it is asked to run; the last words are those of a reader."""
    place.write_text(f"#!/bin/sh\nexec '{sys.executable}' -c '{code}' \"$@\"\n", encoding="utf-8")
    place.chmod(0o755)
    return str(place)


@pytest.mark.parametrize("end", ["os._exit(9)", "os.kill(os.getpid(), 9)"])
def test_what_a_dead_process_had_taken_is_unknown(large: Path, tmp_path: Path, end: str) -> None:
    """Its batch was compared by nobody, so nothing passes; all else was."""
    baseline = baseline_of(large)
    python = stand_in(tmp_path / "python", f"import os, sys; os.read(int(sys.argv[-2]), 4); {end}")
    findings = seen(large, baseline, 2, python)
    assert [finding.path for finding in findings] == list(baseline.entries)[:LEAST]
    assert {(finding.rule, finding.verdict) for finding in findings} == {("not-read", Verdict.UNKNOWN)}


def test_process_that_does_not_start_is_not_needed(large: Path) -> None:
    """Who is there reads everything."""
    baseline = baseline_of(large)
    assert seen(large, baseline, 2, str(large / "nowhere")) == []
    flip(large / FILES[7])
    assert [finding.path for finding in seen(large, baseline, 2, str(large / "nowhere"))] == [FILES[7]]


def test_few_files_are_not_shared_out(tree: Path, baseline: Baseline) -> None:
    """Another process would cost more than it reads."""
    with shared(tree, baseline.entries, 8) as share:
        assert share is None


def test_reader_ends_when_nobody_is_there_to_be_told(tree: Path) -> None:
    """It reads no file for a process that has ended."""
    claims, numbers = os.pipe()
    os.write(numbers, bytes(share_reader.NUMBER))
    os.close(numbers)
    command = [sys.executable, "-I", "-S", share_reader.__file__, str(claims), "0"]
    asked = json.dumps({"tree": str(tree), "size": 1, "files": [["execution/orders.py", False, "100644", ""]]})
    try:
        ran = subprocess.run(command, input=asked, capture_output=True, text=True, pass_fds=(claims,), check=True)
    finally:
        os.close(claims)
    assert json.loads(ran.stdout) == {"done": [], "otherwise": []}
