"""``verify-rollout --fast``, a first look that never passes for a release, and ``--jobs``, which looks at all."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from stormproof.names import ROOT
from stormproof.saying import Exit
from stormproof.tests.running import run
from stormproof.tests.test_verify_rollout import failing

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the example; the caches of its user are beside it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    return shutil.copytree(
        ROOT / "examples/trading_app", tmp_path / "tree", ignore=shutil.ignore_patterns("__pycache__")
    )


@pytest.mark.takes_long
def test_fast_look_says_so_and_sees_a_changed_byte(tree: Path) -> None:
    """The last line says that it is not for a release; nothing but a cache is left where the user's others are."""
    said = run(tree, "verify-rollout", ".", "--fast")
    assert said.code == Exit.HELD, said.out + said.err
    assert said.out.splitlines()[-1] == "All checks passed: 8/8 (--fast: not for a release)"
    left = list((tree.parent / "caches" / "stormproof").iterdir())
    assert all(path.match("rollout-*.json") for path in left)
    gate = tree / "paper_gate" / "gate.py"
    gate.write_bytes(gate.read_bytes() + b"#")
    changed = run(tree, "verify-rollout", ".", "--fast", "--json")
    assert changed.code == Exit.VIOLATED
    assert "paper_pipeline_unchanged" in failing(changed)
    assert changed.object["fast"] is True
    assert "not for a release" in changed.object["summary"]


@pytest.mark.parametrize("more", [("--key", "public.pem"), ("--jobs", "2")], ids=lambda words: words[0])
def test_fast_look_is_refused_with_what_means_the_contrary(tree: Path, more: tuple[str, str]) -> None:
    """Who asks for a signature asks for a release, and who shares out the reading wants to read."""
    said = run(tree, "verify-rollout", ".", "--fast", *more)
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "leave one of them out" in said.err


@pytest.mark.takes_long
def test_several_processes_read_one_tree(tree: Path) -> None:
    """As many as were asked for, and they see what one would see."""
    for number in range(100):
        (tree / "execution" / f"part_{number}.py").write_text(f"part = {number}\n", encoding="utf-8")
    assert run(tree, "baseline", "create").code == Exit.HELD
    (tree / "execution" / "part_77.py").write_text("part = 78\n", encoding="utf-8")
    said = run(tree, "verify-rollout", ".", "--jobs", "2", "--json")
    assert said.code == Exit.VIOLATED
    ((check, (sentence,)),) = failing(said).items()
    assert check == "execution_unchanged"
    assert sentence.startswith("execution/part_77.py: its content changed")
    assert "they were read by 2 processes" in said.object["checks"][1]["evidence"]


def test_cache_that_cannot_be_kept_is_named(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, and what to do."""
    (tree.parent / "file").write_bytes(b"")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tree.parent / "file"))
    said = run(tree, "verify-rollout", ".", "--fast")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "set XDG_CACHE_HOME, or leave out --fast" in said.err
