"""Verifying protected files must not cost more than `sha256sum -c` of the same files, and looks at more.

The whole check is that of the verifier for one group of files, which are all of the tree: content, mode and kind of
each, none new or missing, no second module of the same name, nothing that runs when Python starts (its interpreter is
started and asked), no compiled file that says something else, git's index and what it ignores. It begins with a
baseline that has been read, and tries no guard. A first look (`--fast`) at files that nobody has touched, with its
cache read, must not cost more than twice `git status` of them.

The files are as long as those of Python's own library, one after the other. One process is compared by the processor
time of each side and its children, since neither waits for anything: what others do on the machine does not count.
Two processes are compared by the time that passes, on all cores; the shortest of a repeat counts, on both sides.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sysconfig
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING

from benchmarks.core import all_cores
from benchmarks.interleaving import side_by_side
from benchmarks.rows import Row, spread_of
from benchmarks.workload import WrongAnswerError
from verify.rollout.baseline import of_tree
from verify.rollout.checks import execution
from verify.rollout.comparing import compared
from verify.rollout.context import Context
from verify.rollout.errors import CannotCheckError
from verify.rollout.inside_tree import Interpreter
from verify.rollout.stat_cache import StatCache

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.interleaving import Turn
    from benchmarks.rows import Effort, Spread
    from verify.rollout.context import Store
    from verify.rollout.manifest import Baseline

NAME = "rollout-files"

_LIMIT, _TWO_LIMIT, _FAST_LIMIT = 0.60, 0.40, 2.0
_FEW, _MANY = 10_000, 100_000
_IN_A_FOLDER = 100
_TWO_CALLS, _MANY_CALLS = 3, 1
_PAIR = 2
_RULES = '[protected]\nexecution = ["execution/**"]\n'
_SUMS, _COMPARED, _CHECK, _FAST, _STATUS = "sha256sum -c", "compared", "whole check", "fast look", "git status"


def files(effort: Effort) -> list[Row]:
    """Compare a tree with its baseline, run its whole check, and let `sha256sum -c` look at the same files."""
    rows = _of_so_many(_FEW, effort, _TWO_CALLS)
    if effort.is_short:
        case = f"{_MANY:,} files / {_SUMS}"
        return [*rows, Row(benchmark=NAME, case=case, not_run="a tree of some gigabytes is not for a first look")]
    return [*rows, *_of_so_many(_MANY, replace(effort, repeats=effort.few // 3), _MANY_CALLS)]


def _of_so_many(number: int, effort: Effort, of_two: int) -> list[Row]:
    """Measure with a tree of so many files; of two processes, *of_two* calls in each of a few repeats."""
    program = shutil.which("sha256sum")
    said = f"{number:,} files / {_SUMS}"
    if program is None:
        return [Row(benchmark=NAME, case=said, not_run="there is no sha256sum")]
    with tempfile.TemporaryDirectory(prefix="bench-") as room:
        tree = _tree(Path(room, "tree"), number)
        interpreter = Interpreter(tree=tree)
        baseline = replace(of_tree(tree, interpreter), digest="of the benchmark")
        sums, cache = Path(room, "sums"), Path(room, "cache.json")
        sums.write_text("".join(f"{held.sha256}  {path}\n" for path, held in baseline.entries.items()))
        context = Context(tree=tree, baseline=baseline, interpreter=interpreter, open_store=_no_store)
        turns = {
            _SUMS: _sums(program, tree, sums),
            _COMPARED: _compared(tree, baseline),
            _CHECK: _check(context),
            _FAST: _fast(tree, baseline, cache),
            _STATUS: _status(tree),
        }
        samples = side_by_side(turns, effort, calls=1, turn=1)
        two = _two_processes(replace(context, jobs=2), [program, "--check", "--quiet", str(sums)], effort.few, of_two)
    us = {name: each / number for name, each in samples.typical_us().items()}
    note = ", ".join(f"{name} {each:.1f} us a file" for name, each in us.items())
    return [
        Row(
            benchmark=NAME,
            case=f"one process: the whole check, {said}",
            ratio=samples.ratio(_CHECK, _SUMS),
            limit=_LIMIT,
            note=note,
            figures={f"{name}_us": each for name, each in us.items()},
        ),
        Row(
            benchmark=NAME,
            case=f"one process: content, mode and kind of each, none new or missing, {said}",
            ratio=samples.ratio(_COMPARED, _SUMS),
            limit=_LIMIT,
        ),
        Row(
            benchmark=NAME,
            case=f"two processes (--jobs 2): the whole check, {said}",
            limit=_TWO_LIMIT,
            **({"ratio": two} if two is not None else {"not_run": "there is only one processor core"}),
        ),
        Row(
            benchmark=NAME,
            case=f"{number:,} files that nobody touched, by what a cache remembers (--fast) / {_STATUS}",
            ratio=samples.ratio(_FAST, _STATUS),
            limit=_FAST_LIMIT,
        ),
    ]


def _two_processes(context: Context, sums: list[str], repeats: int, calls: int) -> Spread | None:
    """Return how much longer the whole check of two processes takes than *sums*; None where there is one core."""
    ratios = []
    with all_cores() as cores:
        if len(cores) < _PAIR:
            return None
        for _ in range(repeats):
            ours, theirs = [], []
            for _ in range(calls):
                began = perf_counter()
                _check_once(context)
                ours.append(perf_counter() - began)
                began = perf_counter()
                subprocess.run(sums, cwd=context.tree, check=True)
                theirs.append(perf_counter() - began)
            ratios.append(min(ours) / min(theirs))
    return spread_of(ratios)


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
        found = list(
            compared(
                tree,
                baseline.entries,
                baseline.rules.all_protected,
                baseline.entries,
                cache,
                digest=baseline.digest,
            )
        )
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
            _check_once(context)
            spent.append(process_time() + _children_s() - began)
        return spent

    return turn


def _check_once(context: Context) -> None:
    result = execution.check(context)
    if result.findings:
        raise WrongAnswerError(f"the tree is as it was, and its check says: {result.findings[0].sentence}")


def _children_s() -> float:
    """Return the processor seconds of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
