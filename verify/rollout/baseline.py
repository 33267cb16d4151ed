"""Makes a baseline: of a tree as it lies there, of a commit, or of a file; and says in words how two differ."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from verify.rollout.compatibility.checking import recording_differences
from verify.rollout.compatibility.recording import recorded
from verify.rollout.errors import CannotCheckError, RolloutError
from verify.rollout.git import SUBMODULE, Git
from verify.rollout.libraries import versions_of
from verify.rollout.manifest import Baseline, Entry, from_statement
from verify.rollout.path_text import to_text
from verify.rollout.patterns import matches, start
from verify.rollout.reading import Content, as_stored, pointed_at, read, whole
from verify.rollout.rules import FILE, Group, Rules, parse
from verify.rollout.walking import found
from verify.signing import opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.rollout.inside_tree import Interpreter

GIT = "git:"
"""How a commit is named as a baseline: `git:REF`."""
_MOST_OF_A_BASELINE = 1 << 32
"""In bytes: twenty times what a million files need."""


def rules_of(tree: Path) -> Rules:
    """Return the rules that the tree holds.

    Raises:
        RolloutError: It holds none, or they cannot be used.
    """
    if not tree.is_dir():
        raise RolloutError(f"{to_text(str(tree))} is no folder; expected the tree to verify")
    try:
        return parse(whole(tree / FILE).decode("utf-8"))
    except FileNotFoundError:
        raise RolloutError(f"{to_text(str(tree))} has no {FILE}, which says what is protected there") from None
    except (OSError, UnicodeDecodeError, CannotCheckError) as error:
        raise RolloutError(f"{to_text(str(tree / FILE))} cannot be read: {error}") from None


def of_tree(tree: Path, interpreter: Interpreter) -> Baseline:
    """Return the baseline of a tree as it lies there.

    Raises:
        RolloutError: A rule protects nothing, or something protected is neither file nor link.
        CannotCheckError: Something cannot be read.
    """
    rules = rules_of(tree)
    paths = found(tree, rules.all_protected)
    _hold_something(rules, paths)
    git = Git(tree)
    seen = git.is_there
    git_format = git.object_format() if seen else ""
    any_endings = git.any_endings(paths) if seen else set()
    indexed = git.indexed(places_of(rules)) if seen else {}
    entries = {}
    for path in paths:
        content = read(tree / path, any_endings=path in any_endings)
        if content.kind == "other":
            raise RolloutError(f"{to_text(path)} is neither a file nor a link; a baseline cannot hold it")
        # What git does not hold has no id of git.
        is_held = path in indexed
        name = _git_id(tree / path, git_format, any_endings=path in any_endings) if is_held else ""
        in_lfs = content.pointer
        if is_held and indexed[path].id != name and pointed_at(git.content(indexed[path].id)) == content.sha256:
            name, in_lfs = indexed[path].id, True
        entries[path] = _entry(content, name, any_endings=path in any_endings, in_lfs=in_lfs)
    for path, about in indexed.items():
        if about.mode == SUBMODULE and is_protected(path, rules.all_protected):
            entries[path] = Entry(kind="submodule", mode=SUBMODULE, sha256="", git=about.id)
    libraries = versions_of(rules.model.libraries, interpreter) if rules.model else {}
    texts, lacking = recorded(rules, interpreter)
    return Baseline(
        rules=rules,
        entries=entries,
        libraries=libraries,
        git_format=git_format,
        recorded=texts,
        lacking=lacking,
    )


def of_commit(tree: Path, ref: str, interpreter: Interpreter) -> Baseline:
    """Return the baseline that the commit *ref* of the tree's repository is; its own rules count.

    What versions libraries had then is not known, so those of now count.

    Raises:
        RolloutError: There is no such commit, or it holds no rules.
        CannotCheckError: git cannot be asked, or a submodule's commit is not there.
    """
    git = Git(tree)
    listed = {path: (mode, name) for mode, name, path in git.listed(ref)}
    if FILE not in listed:
        raise RolloutError(f"git:{ref} has no {FILE} in this folder, so nothing says what was protected there")
    rules = parse(git.content(listed[FILE][1]).decode("utf-8", "replace"))
    kept = {path: held for path, held in listed.items() if is_protected(path, rules.all_protected)}
    entries = dict(_of_objects(git, kept, ref))
    for path, (mode, commit) in kept.items():
        if mode == SUBMODULE:
            inner = Git(tree / path)
            below = {name: (held, id_) for held, id_, name in inner.listed(commit)}
            entries |= {f"{path}/{name}": entry for name, entry in _of_objects(inner, below, commit)}
    entries = {
        path: entry
        for path, entry in entries.items()
        if entry.kind == "submodule" or matches(path, rules.all_protected)
    }
    _hold_something(rules, list(entries))
    libraries = versions_of(rules.model.libraries, interpreter) if rules.model else {}
    texts, lacking = _recorded_at(git, listed, rules, interpreter)
    return Baseline(
        rules=rules,
        entries=entries,
        libraries=libraries,
        git_format=git.object_format(),
        recorded=texts,
        lacking=lacking,
    )


def of_file(path: Path, key: Path | None) -> Baseline:
    """Return the baseline that a file holds.

    Args:
        path: A Statement, or a DSSE envelope of one.
        key: The public key that must have signed it; None takes what is not signed.

    Raises:
        RolloutError: It cannot be read, is none, or is not signed as it must be.
    """
    try:
        content = whole(path, _MOST_OF_A_BASELINE)
        stored = json.loads(content)
    except OSError as error:
        said = f"cannot be read: {error.strerror}; make one: stormproof baseline create"
        raise RolloutError(f"the baseline {to_text(str(path))} {said}") from None
    except CannotCheckError as error:
        raise RolloutError(f"{to_text(str(path))} is no baseline: {error}") from None
    except (ValueError, RecursionError):
        raise RolloutError(f"{to_text(str(path))} is no baseline: it is no JSON") from None
    if isinstance(stored, dict) and "payloadType" in stored:
        if key is None:
            raise RolloutError(f"{path} is signed; say with --key whose signature is believed")
        stored = json.loads(opened(stored, key, str(path)))
    elif key is not None:
        raise RolloutError(f"{path} is not signed, and --key asks for a signature")
    return replace(from_statement(stored, str(path)), digest=hashlib.sha256(content).hexdigest())


def places_of(rules: Rules) -> list[str]:
    """Return the folders and files below which everything protected lies."""
    return sorted({start(pattern) for pattern in rules.all_protected})


def is_protected(path: str, patterns: tuple[str, ...]) -> bool:
    """Say whether the patterns mean *path*, or can mean something below it."""
    return matches(path, patterns) or any(f"{start(pattern)}/".startswith(f"{path}/") for pattern in patterns)


def _hold_something(rules: Rules, paths: list[str]) -> None:
    for group, patterns in rules.protected.items():
        for pattern in patterns:
            if not any(is_protected(path, (pattern,)) for path in paths):
                raise RolloutError(f"{FILE}: {pattern} of {group} means no file, so it would protect nothing")
    for path in rules.model.files if rules.model else ():
        if path not in paths and matches(path, rules.protected.get(Group.FROZEN_MODEL, ())):
            raise RolloutError(f"{FILE}: {path} of [model] is no file, so nothing would be known of it")


def _entry(content: Content, name: str, *, any_endings: bool, in_lfs: bool) -> Entry:
    return Entry(
        kind=content.kind,
        mode=content.mode,
        sha256=content.sha256,
        git=name,
        any_endings=any_endings,
        in_lfs=in_lfs,
    )


def _of_objects(git: Git, kept: dict[str, tuple[str, str]], ref: str) -> Iterator[tuple[str, Entry]]:
    """Yield what git's objects say of each path."""
    files = [path for path, (mode, _) in kept.items() if mode != SUBMODULE]
    any_endings = git.any_endings([path for path in files if kept[path][0] != "120000"], at=ref)
    for path, content in zip(files, git.contents([kept[path][1] for path in files]), strict=True):
        mode, name = kept[path]
        pointed = pointed_at(content)
        stored = as_stored(content, any_endings=path in any_endings)
        yield (
            path,
            Entry(
                kind="link" if mode == "120000" else "file",
                mode=mode,
                sha256=pointed or hashlib.sha256(stored).hexdigest(),
                git=name,
                any_endings=path in any_endings,
                in_lfs=bool(pointed),
            ),
        )
    for path, (mode, name) in kept.items():
        if mode == SUBMODULE:
            yield path, Entry(kind="submodule", mode=mode, sha256="", git=name)


def _recorded_at(
    git: Git, listed: dict[str, tuple[str, str]], rules: Rules, interpreter: Interpreter
) -> tuple[dict[str, str], dict[str, str]]:
    """Return what the rules ask to be recorded, of the files of a commit in a folder of their own."""
    if rules.compatibility is None:
        return {}, {}
    with tempfile.TemporaryDirectory(prefix="stormproof-commit-") as folder:
        files = {path: held for path, held in listed.items() if held[0] != SUBMODULE}
        links = []
        for (path, (mode, _)), content in zip(
            files.items(), git.contents([name for _, name in files.values()]), strict=True
        ):
            place = Path(folder, path)
            place.parent.mkdir(parents=True, exist_ok=True)
            if mode == "120000":
                links.append((place, content))
                continue
            place.write_bytes(content)
            place.chmod(0o700 if mode == "100755" else 0o600)
        # Links come last, so that nothing is written through one of them.
        for place, content in links:
            place.symlink_to(os.fsdecode(content))
        return recorded(rules, replace(interpreter, tree=Path(folder), import_roots=rules.import_roots))


def _git_id(path: Path, git_format: str, *, any_endings: bool) -> str:
    """Return the name that git gives to what is at *path*."""
    if path.is_symlink():
        content = os.fsencode(os.readlink(path))  # noqa: PTH115 - byte for byte
    else:
        content = as_stored(path.read_bytes(), any_endings=any_endings)
    return hashlib.new(git_format, b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def differences(before: Baseline, after: Baseline) -> list[str]:
    """Return one sentence for each thing in which two baselines differ, in the order of the paths."""
    said = []
    for path in sorted(before.entries.keys() | after.entries.keys()):
        name, old, new = to_text(path), before.entries.get(path), after.entries.get(path)
        if old is None:
            said.append(f"{name} is new")
        elif new is None:
            said.append(f"{name} is gone")
        elif changed := "; ".join(changes(old, new)):
            said.append(f"{name}: {changed}")
    for library in sorted(before.libraries.keys() | after.libraries.keys()):
        was, now = (held.libraries.get(library, "not recorded") for held in (before, after))
        if was != now:
            said.append(f"the library {library} was {was}, and is {now}")
    if before.rules.meaning != after.rules.meaning:
        said.append(f"the rules of {FILE} changed")
    return [*said, *recording_differences(before, after)]


def changes(old: Entry, new: Entry) -> list[str]:
    """Return what changed from one entry to the other, in words."""
    if old.kind != new.kind:
        return [f"it was a {old.kind}, and is a {new.kind}"]
    said = []
    if old.kind == "submodule" and old.git != new.git:
        said.append(f"its commit was {old.git[:12]}, and is {new.git[:12]}")
    if old.sha256 != new.sha256:
        what = "where it points to" if old.kind == "link" else "its content"
        said.append(f"{what} changed (sha256 was {old.sha256[:12]}, and is {new.sha256[:12]})")
    if old.mode != new.mode:
        was, now = ("executable" if entry.mode == "100755" else "not executable" for entry in (old, new))
        said.append(f"it was {was}, and is {now}")
    return said


def load(tree: Path, name: str, key: Path | None, interpreter: Interpreter) -> Baseline:
    """Return the baseline that the user named.

    Args:
        tree: The tree to verify.
        name: A file, or `git:REF`.
        key: The public key that must have signed the file.
        interpreter: Whose libraries count for a commit.

    Raises:
        RolloutError: It cannot be had, or is not believed.
        CannotCheckError: git cannot be asked.
    """
    if not name.startswith(GIT):
        return of_file(Path(name), key)
    if key is not None:
        raise RolloutError("--key is of a baseline in a file; a commit is signed and verified by git")
    if not Git(tree).is_there:
        raise CannotCheckError(f"{name} is a commit, and {to_text(str(tree))} is in no git repository")
    return of_commit(tree, name.removeprefix(GIT), interpreter)
