"""Whether git sees the protected files as they lie in the tree: nothing assumed, skipped, ignored or other there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.rollout.findings import Finding
from verify.rollout.git import SUBMODULE
from verify.rollout.path_text import to_text
from verify.rollout.patterns import matches, start

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from verify.rollout.git import Git, Indexed
    from verify.rollout.manifest import Entry

_LENGTHS = {"sha1": 40, "sha256": 64}
"""How long git's names of contents are."""


def hidden(
    git: Git, entries: Mapping[str, Entry], patterns: tuple[str, ...], *, git_format: str
) -> Iterator[Finding]:
    """Yield what git was told not to see of the protected files, and where it holds something else.

    Args:
        git: The tree as git sees it.
        entries: What the baseline says of the files that *patterns* mean.
        patterns: What is protected.
        git_format: How the baseline's names of contents are made: `sha1` or `sha256`; empty where there are none.

    Raises:
        CannotCheckError: git cannot be asked.
    """
    places = sorted({start(pattern) for pattern in patterns})
    indexed = git.indexed(places)
    # What git holds is not ignored, so that there is nothing to ask where it holds every file.
    ignored = git.ignored(places) if entries.keys() - indexed.keys() else set()
    within = tuple(f"{path}/" for path, entry in entries.items() if entry.kind == "submodule")
    new = {path for path in indexed.keys() - entries.keys() if matches(path, patterns)}
    other = {path for path, entry in entries.items() if not _agree(entry, indexed.get(path), git_format)}
    for path in sorted(new | other):
        entry, about = entries.get(path), indexed.get(path)
        if path.startswith(within):
            continue
        name = to_text(path)
        if about is None:
            if path in ignored:
                yield Finding(rule="hidden", path=name, sentence=f"{name} is hidden from git: it is ignored")
            elif entry is not None and entry.git:
                sentence = f"{name} is not in git's index, where the baseline has {entry.git[:12]}"
                yield Finding(rule="not-in-git", path=name, sentence=sentence)
            continue
        if about.assumed:
            yield Finding(
                rule="hidden", path=name, sentence=f"{name} is hidden from git: it is marked assume-unchanged"
            )
        if about.skipped:
            yield Finding(rule="hidden", path=name, sentence=f"{name} is hidden from git: it is marked skip-worktree")
        yield from _other(name, entry, about, git_format=git_format)


def _agree(entry: Entry, about: Indexed | None, git_format: str) -> bool:
    """Say whether git holds what the baseline has and looks at it: so it is of nearly every file."""
    if about is None:
        return False
    return entry.mode == about.mode and not (about.assumed or about.skipped or _is_other(entry, about, git_format))


def _is_other(entry: Entry, about: Indexed, git_format: str) -> bool:
    """Say whether git's name of the content is another one; names of two formats say nothing of each other."""
    return entry.git not in {"", about.id} and _LENGTHS.get(git_format) == len(about.id)


def _other(name: str, entry: Entry | None, about: Indexed, *, git_format: str) -> Iterator[Finding]:
    if entry is None:
        yield Finding(rule="new", path=name, sentence=f"{name} is in git's index, and was not there in the baseline")
        return
    if _is_other(entry, about, git_format):
        what = "commit" if about.mode == SUBMODULE else "content"
        sentence = f"git holds another {what} of {name}: {about.id[:12]}, where the baseline has {entry.git[:12]}"
        yield Finding(rule="other-in-git", path=name, sentence=sentence)
    if about.mode != entry.mode:
        sentence = f"git holds {name} with mode {about.mode}, where the baseline has {entry.mode}"
        yield Finding(rule="other-in-git", path=name, sentence=sentence)
