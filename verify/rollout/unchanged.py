"""Says whether protected files are as the baseline has them, and whether anything stands in for one or hides it."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from verify.rollout.baseline import is_protected
from verify.rollout.comparing import compared
from verify.rollout.compiled_files import compiled_files
from verify.rollout.errors import CannotCheckError
from verify.rollout.findings import FAST, Finding, Result, first, unknown
from verify.rollout.hidden import hidden
from verify.rollout.patterns import matches
from verify.rollout.shadows import shadows
from verify.rollout.sharing import shared
from verify.rollout.startup import startup_in_tree, startup_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from verify.rollout.context import Context
    from verify.rollout.manifest import Entry
    from verify.rollout.rules import Group

MOST = 20
"""How many findings of one kind are shown."""
_AHEAD = 1000
"""How many findings are held while other processes read: there may be a million."""


def unchanged(context: Context, group: Group, *, id: str, title: str, claim: str) -> Result:  # noqa: A002 - its name
    """Return whether every file of *group* is as the baseline has it."""
    baseline = context.baseline
    patterns = baseline.rules.protected.get(group, ())
    if not patterns:
        lacking = unknown(f"the rules protect nothing as {group}, so there was nothing to compare", rule="no-rules")
        return Result(id=id, title=title, claim=claim, findings=(lacking,), evidence=())
    entries = {path: entry for path, entry in baseline.entries.items() if _is_in(path, entry, patterns)}
    evidence = [f"{len(entries):,} protected files compared with the baseline: {', '.join(patterns)}"]
    findings = first(_all(context, entries, patterns, evidence), MOST)
    return Result(id=id, title=title, claim=claim, findings=findings, evidence=tuple(evidence))


def _all(
    context: Context, entries: Mapping[str, Entry], patterns: tuple[str, ...], evidence: list[str]
) -> Iterator[Finding]:
    """Yield every finding, one at a time: there may be a million; add to *evidence* what was looked at besides."""
    baseline = context.baseline
    cache = context.cache
    taken_before = 0 if cache is None else cache.taken
    besides = _besides(context, entries, patterns, evidence)
    with shared(context.tree, entries, context.jobs) as share:
        ahead = []
        if share is not None:
            evidence.append(f"they were read by {share.processes} processes")
            ahead = list(islice(besides, _AHEAD))
        yield from compared(
            context.tree, entries, patterns, baseline.entries, cache, digest=baseline.digest, share=share
        )
    if cache is not None:
        taken = cache.taken - taken_before
        evidence.append(f"{taken:,} of them were not read: the system says that nothing touched them ({FAST})")
    yield from ahead
    yield from besides


def _besides(
    context: Context, entries: Mapping[str, Entry], patterns: tuple[str, ...], evidence: list[str]
) -> Iterator[Finding]:
    """Yield what stands in for a protected file, runs before it, or hides it from git."""
    baseline = context.baseline
    try:
        yield from shadows(context.tree, entries, baseline.entries, baseline.rules.import_roots)
        if any(path.endswith(".py") for path in entries):
            yield from startup_in_tree(context.tree, baseline.entries)
            yield from startup_of(context.interpreter, entries, baseline.rules.import_roots, evidence)
        yield from compiled_files(context.tree, entries, context.interpreter)
        git = context.git
        if git is None:
            evidence.append("the tree is in no git repository, so that git was not asked")
            return
        in_git = list(hidden(git, entries, patterns, git_format=baseline.git_format))
        yield from in_git
        if no_id := sum(not entry.git for entry in entries.values()):
            evidence.append(f"for {no_id:,} of them the baseline has no id of git to compare with git's index")
        said = "does not agree" if in_git else "agrees: nothing assumed, skipped, ignored or other there"
        evidence.append(f"git's index {said}")
    except CannotCheckError as error:
        yield unknown(str(error))


def _is_in(path: str, entry: Entry, patterns: tuple[str, ...]) -> bool:
    return is_protected(path, patterns) if entry.kind == "submodule" else matches(path, patterns)
