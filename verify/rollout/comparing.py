"""Compares protected files with the baseline: content, mode, kind, and that none is new or missing."""

from __future__ import annotations

import functools
import os
import posixpath
from typing import TYPE_CHECKING

from verify.rollout.baseline import changes
from verify.rollout.errors import CannotCheckError
from verify.rollout.findings import Finding, unknown
from verify.rollout.manifest import Entry
from verify.rollout.path_text import to_text
from verify.rollout.reading import read
from verify.rollout.walking import Seen, walk

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping
    from pathlib import Path

    from verify.rollout.reading import Content
    from verify.rollout.sharing import Share
    from verify.rollout.stat_cache import StatCache


def compared(
    tree: Path,
    entries: Mapping[str, Entry],
    patterns: tuple[str, ...],
    known: Mapping[str, Entry],
    cache: StatCache | None = None,
    *,
    digest: str = "",
    share: Share | None = None,
) -> Generator[Finding]:
    """Yield each difference between the tree and *entries*, which are all that *patterns* mean in the baseline.

    Args:
        tree: The tree.
        entries: What the baseline says of these files.
        patterns: What is protected.
        known: Every entry of the baseline.
        cache: What files held at the last look; None where every file is read.
        digest: Of the whole baseline, for the cache; empty where it is not known.
        share: What other processes read of *entries*; None where this one reads all.
    """
    looked = _Look(tree, entries, known, cache, is_shared=share is not None)
    folders = None if cache is None or not digest else cache.folders(digest, patterns, looked.missing)
    for seen in walk(tree, patterns, None if folders is None else folders.leave_out):
        if found := looked.at(seen):
            if folders is not None:
                folders.doubt(seen.path)
            yield from found
    if share is not None:
        yield from looked.shared(share)
    for path in looked.gone():
        if folders is not None:
            folders.doubt(path)
        yield Finding(rule="missing", path=to_text(path), sentence=f"{to_text(path)} is missing")
    if folders is not None:
        folders.keep()


class _Look:
    """One look at a part of a tree.

    Attributes:
        missing: What has not been seen yet, and should be there.
    """

    def __init__(
        self,
        tree: Path,
        entries: Mapping[str, Entry],
        known: Mapping[str, Entry],
        cache: StatCache | None,
        *,
        is_shared: bool,
    ) -> None:
        self._tree, self._entries, self._known, self._cache = tree, entries, known, cache
        self.missing = {path for path, entry in entries.items() if entry.kind != "submodule"}
        self._unseen: list[str] = []
        self._there: dict[str, Seen] | None = {} if is_shared else None

    def at(self, seen: Seen) -> list[Finding]:
        """Return what is to be said of one place; of a file that is shared out, that comes later."""
        path = seen.path
        entry = self._entries.get(path)
        if entry is not None and not seen.problem:
            self.missing.discard(path)
            if self._there is not None and entry.kind == "file":
                self._there[path] = seen
                return []
            return _of_one(self._tree, seen, entry, self._known, self._cache)
        if seen.problem:
            name = to_text(path)
            self._not_below(path)
            return [unknown(f"{name or 'the tree'} {seen.problem}", name, "unreadable")]
        if is_link := (self._tree / path).is_symlink():
            self._not_below(path)
        return [_new(self._tree, path, is_link=is_link)]

    def _not_below(self, folder: str) -> None:
        """Take note of a folder that could not be looked into, if something should be there."""
        if not folder or folder in self._folders:
            self._unseen.append(f"{folder}/" if folder else "")

    @functools.cached_property
    def _folders(self) -> set[str]:
        """Every folder below which something should be."""
        folders: set[str] = set()
        for path in self._entries:
            while (path := path.rpartition("/")[0]) and path not in folders:
                folders.add(path)
        return folders

    def shared(self, share: Share) -> Iterator[Finding]:
        """Do this process's part of the reading, and look again at what another one found to be otherwise."""
        for path in share.own():
            yield from self._again(path)
        for path in share.otherwise():
            changing = unknown(f"{to_text(path)} changed while the tree was read", to_text(path), "unreadable")
            yield from self._again(path) or ([changing] if path in (self._there or ()) else [])
        for path in share.lost():
            name = to_text(path)
            yield unknown(f"{name} was not compared: the process that was to read it ended", name, "not-read")

    def _again(self, path: str) -> list[Finding]:
        """Return how a file that was shared out differs; of what was not seen, that is said elsewhere."""
        seen = (self._there or {}).get(path)
        return [] if seen is None else _of_one(self._tree, seen, self._entries[path], self._known, None)

    def gone(self) -> Iterator[str]:
        """Yield each path that should be there and is not, where its folder could be seen."""
        yield from (path for path in sorted(self.missing) if not path.startswith(tuple(self._unseen)))


def _new(tree: Path, path: str, *, is_link: bool) -> Finding:
    name = to_text(path)
    what = f"a link to {to_text(_target(tree / path))}" if is_link else "new"
    return Finding(rule="new", path=name, sentence=f"{name} is {what}, and was not there in the baseline")


def _of_one(
    tree: Path, seen: Seen, entry: Entry, known: Mapping[str, Entry], cache: StatCache | None
) -> list[Finding]:
    """Return how one file differs from its entry."""
    path = seen.path
    try:
        if cache is None:
            content = read(f"{tree}/{path}", any_endings=entry.any_endings, is_file=seen.is_file)
        else:
            content = cache.read(path, any_endings=entry.any_endings, is_file=seen.is_file)
    except FileNotFoundError:
        name = to_text(path)
        return [unknown(f"{name} went away while the tree was read", name, "unreadable")]
    except CannotCheckError as error:
        name = to_text(path)
        return [unknown(f"{name}: {error}", name, "unreadable")]
    is_same = (entry.kind, entry.sha256, entry.mode) == (content.kind, content.sha256, content.mode)
    if is_same and content.kind == "file" and not content.pointer:
        return []  # Nearly every file of a tree; nothing is left to be said of it.
    return list(_differences(tree, path, entry, content, known))


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
