"""Verifying protected files must not cost more than `sha256sum -c` of the same files, and looks at more.

A first look (`--fast`) at files that nobody has touched must not cost more than twice `git status` of them.

The files are as long as those of Python's own library, one after the other. Processor time of each side is compared,
since neither waits for anything: what others do on the machine does not count.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sysconfig
import tempfile
from contextlib import contextmanager
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING

from benchmarks.interleaving import side_by_side
from benchmarks.rows import Row
from benchmarks.workload import WrongAnswerError
from verify.rollout.baseline import of_tree
from verify.rollout.checks import execution
from verify.rollout.context import Context
from verify.rollout.errors import CannotCheckError
from verify.rollout.inside_tree import Interpreter
from verify.rollout.stat_cache import StatCache
from verify.rollout.comparing import compared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.interleaving import Turn
    from benchmarks.rows import Effort
    from verify.rollout.context import Store
    from verify.rollout.manifest import Baseline

NAME = "rollout-files"

_LIMIT, _FAST_LIMIT = 0.60, 2.0
_FILES = 10_000
_IN_A_FOLDER = 100
_CALLS = 3
_RULES = '[protected]\nexecution = ["execution/**"]\n'
_SUMS, _COMPARED, _CHECK, _FAST, _STATUS = "sha256sum -c", "compared", "whole check", "fast look", "git status"


def files(effort: Effort) -> list[Row]:
    """Compare a tree with its baseline, run its whole check, and let `sha256sum -c` look at the same files."""
    number, program = effort.scaled(_FILES), shutil.which("sha256sum")
    if program is None:
        return [Row(benchmark=NAME, case=f"{number:,} files / {_SUMS}", not_run="there is no sha256sum")]
    with tempfile.TemporaryDirectory(prefix="bench-") as room:
        tree = _tree(Path(room, "tree"), number)
        interpreter = Interpreter(tree=tree)
        baseline = of_tree(tree, interpreter)
        sums, cache = Path(room, "sums"), Path(room, "cache.json")
        sums.write_text("".join(f"{held.sha256}  {path}\n" for path, held in baseline.entries.items()))
        turns = {
            _SUMS: _sums(program, tree, sums),
            _COMPARED: _compared(tree, baseline),
            _CHECK: _check(Context(tree=tree, baseline=baseline, interpreter=interpreter, open_store=_no_store)),
            _FAST: _fast(tree, baseline, cache),
            _STATUS: _status(tree),
        }
        samples = side_by_side(turns, effort, calls=_CALLS, turn=1)
    us = {name: each / number for name, each in samples.typical_us().items()}
    note = ", ".join(f"{name} {each:.1f} us a file" for name, each in us.items())
    said = f"{number:,} files / {_SUMS}"
    return [
        Row(
            benchmark=NAME,
            case=f"content, mode and kind of each, none new or missing, {said}",
            ratio=samples.ratio(_COMPARED, _SUMS),
            limit=_LIMIT,
            note=note,
            figures={f"{name}_us": each for name, each in us.items()},
        ),
        Row(
            benchmark=NAME,
            case=f"the whole check with git, shadows and start-up files, {said}",
            ratio=samples.ratio(_CHECK, _SUMS),
        ),
        Row(
            benchmark=NAME,
            case=f"{number:,} files that nobody touched, by what a cache remembers (--fast) / {_STATUS}",
            ratio=samples.ratio(_FAST, _STATUS),
            limit=_FAST_LIMIT,
        ),
    ]


def _tree(tree: Path, number: int) -> Path:
    """Make a tree of so many modules, which git knows."""
    library = Path(sysconfig.get_path("stdlib"))
    lengths = [path.stat().st_size for path in sorted(library.glob("*.py"))]
    text = os.urandom(max(lengths))
    for each in range(number):
        path = tree / "execution" / f"part_{each // _IN_A_FOLDER}" / f"module_{each}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"%d" % each + text[: lengths[each % len(lengths)]])
    (tree / "rollout.toml").write_text(_RULES)
    for words in (("init", "--quiet"), ("add", "--all")):
        command = ["git", "-C", str(tree), *words]
        subprocess.run(command, check=True)
    return tree


@contextmanager
def _no_store() -> Iterator[Store]:
    raise CannotCheckError("no guard is tried here")
    yield  # a context manager has a yield


def _status(tree: Path) -> Turn:
    command = ["git", "-C", str(tree), "status", "--porcelain"]

    def turn(calls: int) -> list[float]:
        spent = []
        for _ in range(calls):
            began = _children_s()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            spent.append(_children_s() - began)
        return spent

    return turn


def _fast(tree: Path, baseline: Baseline, kept: Path) -> Turn:
    """Look as `--fast` does, with the cache read and written; the first look, which fills it, is not measured."""

    def once() -> int:
        cache = StatCache(kept, tree, settled_s=0.0)
        found = list(compared(tree, baseline.entries, baseline.rules.all_protected, baseline.entries, cache))
        cache.save()
        if found:
            raise WrongAnswerError(f"the tree is as it was, and was found changed: {found[0].sentence}")
        return cache.taken

    once()

    def turn(calls: int) -> list[float]:
        spent = []
        for _ in range(calls):
            began = process_time()
            taken = once()
            spent.append(process_time() - began)
            if taken != len(baseline.entries):
                raise WrongAnswerError(f"nobody touched a file, and {len(baseline.entries) - taken} were read")
        return spent

    return turn


def _sums(program: str, tree: Path, sums: Path) -> Turn:
    def turn(calls: int) -> list[float]:
        spent = []
        for _ in range(calls):
            began = _children_s()
            subprocess.run([program, "--check", "--quiet", str(sums)], cwd=tree, check=True)
            spent.append(_children_s() - began)
        return spent

    return turn


def _compared(tree: Path, baseline: Baseline) -> Turn:
    def turn(calls: int) -> list[float]:
        spent = []
        for _ in range(calls):
            began = process_time()
            found = list(compared(tree, baseline.entries, baseline.rules.all_protected, baseline.entries))
            spent.append(process_time() - began)
            if found:
                raise WrongAnswerError(f"the tree is as it was, and was found changed: {found[0].sentence}")
        return spent

    return turn


def _check(context: Context) -> Turn:
    def turn(calls: int) -> list[float]:
        spent = []
        for _ in range(calls):
            began = process_time() + _children_s()
            result = execution.check(context)
            spent.append(process_time() + _children_s() - began)
            if result.findings:
                raise WrongAnswerError(f"the tree is as it was, and its check says: {result.findings[0].sentence}")
        return spent

    return turn


def _children_s() -> float:
    """Return the processor seconds of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
