"""One committed example tree for all tests, and a copy of it for each."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from verify.rollout.tests.trees import baseline_of, make_tree

if TYPE_CHECKING:
    from pathlib import Path

    from verify.rollout.manifest import Baseline


@pytest.fixture(scope="session")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the example tree, committed; nobody may change it."""
    return make_tree(tmp_path_factory.mktemp("committed") / "tree")


@pytest.fixture(scope="session")
def baseline(committed: Path) -> Baseline:
    """Return its baseline."""
    return baseline_of(committed)


@pytest.fixture
def tree(committed: Path, tmp_path: Path) -> Path:
    """Return a copy of the tree that the test may change."""
    return shutil.copytree(committed, tmp_path / "tree", symlinks=True)
