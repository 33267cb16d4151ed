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


def hidden(
    git: Git, entries: Mapping[str, Entry], patterns: tuple[str, ...], *, same_format: bool
) -> Iterator[Finding]:
    """Yield what git was told not to see of the protected files, and where it holds something else.

    Args:
        git: The tree as git sees it.
        entries: What the baseline says of the files that *patterns* mean.
        patterns: What is protected.
        same_format: Whether the baseline's names of contents are made as those of this repository.

    Raises:
        CannotCheckError: git cannot be asked.
    """
    places = sorted({start(pattern) for pattern in patterns})
    indexed = git.indexed(places)
    ignored = git.ignored(places)
    within = tuple(f"{path}/" for path, entry in entries.items() if entry.kind == "submodule")
    for path in sorted(entries.keys() | {path for path in indexed if matches(path, patterns)}):
        if path.startswith(within):
            continue
        name, entry, about = to_text(path), entries.get(path), indexed.get(path)
        if about is None:
            if path in ignored:
                yield Finding(rule="hidden", path=name, sentence=f"{name} is hidden from git: it is ignored")
            continue
        if about.assumed:
            yield Finding(
                rule="hidden", path=name, sentence=f"{name} is hidden from git: it is marked assume-unchanged"
            )
        if about.skipped:
            yield Finding(rule="hidden", path=name, sentence=f"{name} is hidden from git: it is marked skip-worktree")
        yield from _other(name, entry, about, same_format=same_format)


def _other(name: str, entry: Entry | None, about: Indexed, *, same_format: bool) -> Iterator[Finding]:
    if entry is None:
        yield Finding(rule="new", path=name, sentence=f"{name} is in git's index, and was not there in the baseline")
        return
    if same_format and entry.git and entry.git != about.id:
        what = "commit" if about.mode == SUBMODULE else "content"
        sentence = f"git holds another {what} of {name}: {about.id[:12]}, where the baseline has {entry.git[:12]}"
        yield Finding(rule="other-in-git", path=name, sentence=sentence)
    if about.mode != entry.mode:
        sentence = f"git holds {name} with mode {about.mode}, where the baseline has {entry.mode}"
        yield Finding(rule="other-in-git", path=name, sentence=sentence)
