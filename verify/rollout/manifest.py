"""The baseline as a value and as an in-toto Statement: what each protected file was, and the rules that protect it.

The same baseline always gives the same bytes: RFC 8785 for what stands in it, which is texts, whole numbers and
truth values. Subjects are in the order of their names, whatever order the file system gives.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from verify.rollout.errors import RolloutError
from verify.rollout.path_text import from_text, to_text
from verify.rollout.rules import Rules, parse
from verify.statement import STATEMENT

if TYPE_CHECKING:
    from collections.abc import Mapping

PREDICATE = "https://stormproof.dev/rollout-baseline/v1"


class Entry(NamedTuple):
    """What one protected file was.

    Attributes:
        kind: `file`, `link` or `submodule`.
        mode: As git keeps it.
        sha256: As in :class:`verify.rollout.reading.Content`; empty for a submodule.
        git: Name of the content in git (of a submodule, its commit); empty where it was not known.
        any_endings: Whether its line endings count as LF.
        in_lfs: Whether git keeps a Git LFS pointer for it.
    """

    kind: str
    mode: str
    sha256: str
    git: str = ""
    any_endings: bool = False
    in_lfs: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What a tree is compared with.

    Attributes:
        rules: What was asked of the tree; the tree's own rules must be the same.
        entries: By path, as `os` gives it.
        libraries: Versions of the libraries that the model names, as they were.
        git_format: `sha1` or `sha256`; empty where there was no git.
        recorded: How the tree behaved: golden outputs and schemas by name, where the rules ask for them.
        lacking: Why what is asked for could not be recorded, by name; no file holds it.
        digest: sha256 of the file that it was read from; empty where it was not read from one.
    """

    rules: Rules
    entries: Mapping[str, Entry]
    libraries: Mapping[str, str]
    git_format: str
    recorded: Mapping[str, str] = field(default_factory=dict)
    lacking: Mapping[str, str] = field(default_factory=dict)
    digest: str = field(default="", compare=False)


def to_statement(baseline: Baseline) -> dict[str, Any]:
    """Return the baseline as an in-toto Statement."""
    subjects, files = [], []
    for path, entry in sorted(baseline.entries.items(), key=lambda each: to_text(each[0])):
        name = to_text(path)
        digest = {"sha256": entry.sha256} if entry.sha256 else {}
        if entry.git:
            digest["gitCommit" if entry.kind == "submodule" else "gitBlob"] = entry.git
        subjects.append({"name": name, "digest": digest})
        file: dict[str, Any] = {"name": name, "kind": entry.kind, "mode": entry.mode}
        file |= {"anyEndings": True} if entry.any_endings else {}
        file |= {"lfs": True} if entry.in_lfs else {}
        files.append(file)
    predicate = {
        "files": files,
        "git": baseline.git_format,
        "libraries": dict(baseline.libraries),
        "rules": baseline.rules.text,
    }
    predicate |= {"recorded": dict(baseline.recorded)} if baseline.recorded else {}
    return {"_type": STATEMENT, "subject": subjects, "predicateType": PREDICATE, "predicate": predicate}


def from_statement(stored: Any, name: str) -> Baseline:
    """Return the baseline of a Statement.

    Args:
        stored: The JSON value.
        name: Where it was read, for messages.

    Raises:
        RolloutError: It is no such Statement.
    """
    if not isinstance(stored, dict) or stored.get("_type") != STATEMENT or stored.get("predicateType") != PREDICATE:
        raise RolloutError(f"{name} is no baseline; expected an in-toto Statement with predicate {PREDICATE}")
    try:
        predicate = stored["predicate"]
        digests = {subject["name"]: subject["digest"] for subject in stored["subject"]}
        entries = {
            from_text(file["name"]): Entry(
                kind=file["kind"],
                mode=file["mode"],
                sha256=digests[file["name"]].get("sha256", ""),
                git=digests[file["name"]].get("gitBlob", digests[file["name"]].get("gitCommit", "")),
                any_endings=file.get("anyEndings", False),
                in_lfs=file.get("lfs", False),
            )
            for file in predicate["files"]
        }
        rules, libraries, git_format = predicate["rules"], dict(predicate["libraries"]), predicate["git"]
        recorded = dict(predicate.get("recorded", {}))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise RolloutError(f"{name} is damaged: {type(error).__name__} {error}; make it again, or fetch it") from None
    if len(entries) != len(digests):
        raise RolloutError(f"{name} is damaged: it names {len(digests)} subjects and {len(entries)} files")
    return Baseline(
        rules=parse(rules), entries=entries, libraries=libraries, git_format=git_format, recorded=recorded
    )
