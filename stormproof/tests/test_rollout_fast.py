"""``stormproof verify-rollout --fast``: a first look at the desk, which never passes for a release."""

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


def test_fast_look_is_refused_where_nobody_is_believed(tree: Path) -> None:
    """Who asks for a signature asks for a release."""
    said = run(tree, "verify-rollout", ".", "--fast", "--key", "public.pem")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "leave one of them out" in said.err


def test_cache_that_cannot_be_kept_is_named(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, and what to do."""
    (tree.parent / "file").write_bytes(b"")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tree.parent / "file"))
    said = run(tree, "verify-rollout", ".", "--fast")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "set XDG_CACHE_HOME, or leave out --fast" in said.err
