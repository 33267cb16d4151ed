"""Copies of the example tree, in a git repository of their own, and what the verifier says of them."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from verify.history.words import Verdict
from verify.rollout.baseline import of_commit, of_tree
from verify.rollout.checks.registry import CHECKS
from verify.rollout.context import Context
from verify.rollout.errors import CannotCheckError
from verify.rollout.inside_tree import Interpreter
from verify.rollout.verifier import verify

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from verify.rollout.context import Store
    from verify.rollout.findings import Report
    from verify.rollout.manifest import Baseline
    from verify.rollout.stat_cache import StatCache

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples" / "trading_app"
WITHOUT_REDIS = frozenset(check.ID for check in CHECKS) - {"retry_guards_active", "idempotency_active"}
UNCHANGED = frozenset(name for name in WITHOUT_REDIS if name.endswith("_unchanged"))
_WHO = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgSign=false")


def git(tree: Path, *words: str) -> str:
    """Run git in the tree as somebody, whatever is configured on this machine."""
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", *_WHO, "-C", str(tree), *words]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


def make_tree(place: Path, *, repository: bool = True) -> Path:
    """Return a copy of the example at *place*, committed."""
    shutil.copytree(EXAMPLE, place, ignore=shutil.ignore_patterns("__pycache__"))
    if repository:
        git(place, "init", "--quiet")
        commit(place)
    return place


def commit(tree: Path) -> None:
    """Commit all that lies in the tree."""
    git(tree, "add", "--all")
    git(tree, "commit", "--quiet", "--allow-empty", "--message", "as it is")


@contextmanager
def no_store() -> Iterator[Store]:
    """Stand for a machine without a Redis."""
    raise CannotCheckError("there is no Redis here")
    yield  # a context manager has a yield


def interpreter(tree: Path) -> Interpreter:
    """Return where code of the tree runs."""
    return Interpreter(tree=tree, also=(str(ROOT),))


def baseline_of(tree: Path) -> Baseline:
    """Return the baseline of the tree as it lies there."""
    return of_tree(tree, interpreter(tree))


def baseline_at(tree: Path, ref: str = "HEAD") -> Baseline:
    """Return the baseline that a commit is."""
    return of_commit(tree, ref, interpreter(tree))


def context_of(tree: Path, baseline: Baseline, *, expect_enabled: Iterable[str] = ()) -> Context:
    """Return what the checks may look at, without a Redis."""
    return Context(
        tree=tree,
        baseline=baseline,
        interpreter=interpreter(tree),
        open_store=no_store,
        expect_enabled=frozenset(expect_enabled),
    )


def look(
    tree: Path, baseline: Baseline, ids: Iterable[str] = WITHOUT_REDIS, *, cache: StatCache | None = None
) -> Report:
    """Return what the checks of these ids say."""
    wanted = set(ids)
    context = replace(context_of(tree, baseline), cache=cache)
    return verify(context, baseline="of the test", checks=[check for check in CHECKS if check.ID in wanted])


def failing(report: Report) -> dict[str, list[str]]:
    """Return the rules of the findings of every check that is not VALID."""
    return {
        result.id: sorted({finding.rule for finding in result.findings})
        for result in report.results
        if result.verdict is not Verdict.VALID
    }


def flip(path: Path, at: int = 0) -> None:
    """Change one byte of a file, and nothing else of it."""
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(bytes(content))
