"""Compares protected files with the baseline: content, mode, kind, and that none is new, missing or hidden."""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING

from verify.rollout.baseline import changes, is_protected
from verify.rollout.compiled_files import compiled_files
from verify.rollout.errors import CannotCheckError
from verify.rollout.findings import FAST, Finding, Result, first, unknown
from verify.rollout.hidden import hidden
from verify.rollout.manifest import Entry
from verify.rollout.path_text import to_text
from verify.rollout.patterns import matches
from verify.rollout.reading import read
from verify.rollout.shadows import shadows
from verify.rollout.startup import startup_in_tree, startup_of
from verify.rollout.walking import Seen, walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from verify.rollout.context import Context
    from verify.rollout.reading import Content
    from verify.rollout.rules import Group
    from verify.rollout.stat_cache import StatCache

MOST = 20
"""How many findings of one kind are shown."""


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
    yield from compared(context.tree, entries, patterns, baseline.entries, cache)
    if cache is not None:
        taken = cache.taken - taken_before
        evidence.append(f"{taken:,} of them were not read: the system says that nothing touched them ({FAST})")
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
        same_format = baseline.git_format == git.object_format()
        in_git = list(hidden(git, entries, patterns, same_format=same_format))
        yield from in_git
        said = "does not agree" if in_git else "agrees: nothing assumed, skipped, ignored or other there"
        evidence.append(f"git's index {said}")
    except CannotCheckError as error:
        yield unknown(str(error))


def _is_in(path: str, entry: Entry, patterns: tuple[str, ...]) -> bool:
    return is_protected(path, patterns) if entry.kind == "submodule" else matches(path, patterns)


def compared(
    tree: Path,
    entries: Mapping[str, Entry],
    patterns: tuple[str, ...],
    known: Mapping[str, Entry],
    cache: StatCache | None = None,
) -> Iterator[Finding]:
    """Yield each difference between the tree and *entries*, which are all that *patterns* mean in the baseline."""
    missing = {path for path, entry in entries.items() if entry.kind != "submodule"}
    unseen: list[str] = []
    for seen in walk(tree, patterns):
        if seen.problem:
            name = to_text(seen.path)
            unseen.append(f"{seen.path}/" if seen.path else "")
            yield unknown(f"{name or 'the tree'} {seen.problem}", name, "unreadable")
            continue
        missing.discard(seen.path)
        entry = entries.get(seen.path)
        if entry is None:
            name = to_text(seen.path)
            is_link = (tree / seen.path).is_symlink()
            if is_link:
                unseen.append(f"{seen.path}/")
            what = f"a link to {to_text(_target(tree / seen.path))}" if is_link else "new"
            yield Finding(rule="new", path=name, sentence=f"{name} is {what}, and was not there in the baseline")
        else:
            yield from _of_one(tree, seen, entry, known, cache)
    for path in sorted(missing):
        name = to_text(path)
        if not path.startswith(tuple(unseen)):
            yield Finding(rule="missing", path=name, sentence=f"{name} is missing")


def _of_one(
    tree: Path, seen: Seen, entry: Entry, known: Mapping[str, Entry], cache: StatCache | None
) -> Iterator[Finding]:
    """Yield how one file differs from its entry."""
    path = seen.path
    try:
        if cache is None:
            content = read(f"{tree}/{path}", any_endings=entry.any_endings, is_file=seen.is_file)
        else:
            content = cache.read(path, any_endings=entry.any_endings, is_file=seen.is_file)
    except FileNotFoundError:
        name = to_text(path)
        yield unknown(f"{name} went away while the tree was read", name, "unreadable")
        return
    except CannotCheckError as error:
        name = to_text(path)
        yield unknown(f"{name}: {error}", name, "unreadable")
        return
    is_same = (entry.kind, entry.sha256, entry.mode) == (content.kind, content.sha256, content.mode)
    if is_same and content.kind == "file" and not content.pointer:
        return  # Nearly every file of a tree; nothing is left to be said of it.
    yield from _differences(tree, path, entry, content, known)


def _differences(
    tree: Path, path: str, entry: Entry, content: Content, known: Mapping[str, Entry]
) -> Iterator[Finding]:
    """Yield how what is at *path* differs from its entry; what is amiss with a pointer or link that is the same."""
    name = to_text(path)
    now = Entry(kind=content.kind, mode=content.mode, sha256=content.sha256)
    if content.kind == "other":
        now = Entry(kind="pipe, socket or device", mode="", sha256="")
    if said := changes(entry, now):
        yield Finding(rule="changed", path=name, sentence=f"{name}: {'; '.join(said)}")
    elif content.pointer and entry.in_lfs:
        sentence = f"{name} is only a pointer of Git LFS; fetch its content with git lfs pull, then verify again"
        yield unknown(sentence, name, "lfs-pointer")
    elif content.kind == "link":
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), _target(tree / path)))
        if not any(each == target or each.startswith(f"{target}/") for each in known):
            sentence = f"{name} is a link to {to_text(target)}, which nothing protects"
            yield Finding(rule="link-elsewhere", path=name, sentence=sentence)


def _target(link: Path) -> str:
    return os.readlink(link)  # noqa: PTH115 - as it stands there
