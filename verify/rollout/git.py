"""Asks git about a tree. Changes nothing, and runs nothing that the tree configures: no hook, filter or monitor."""

from __future__ import annotations

import os
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from verify.rollout.errors import CannotCheckError, RolloutError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PATIENCE_S = 300.0
_QUIET = ("-c", "core.fsmonitor=false", "-c", "core.attributesFile=/dev/null", "-c", "core.quotePath=false")
SUBMODULE = "160000"


class Indexed(NamedTuple):
    """What git's index says of one path.

    Attributes:
        mode: As `100644`.
        id: Name of the content in git.
        assumed: Whether git was told to assume that it does not change.
        skipped: Whether git was told not to look at it in the tree.
    """

    mode: str
    id: str
    assumed: bool
    skipped: bool


class Git:
    """One tree as git sees it; paths are relative to the tree, as `os` gives them."""

    def __init__(self, tree: Path) -> None:
        self._tree = tree

    def ask(self, *words: str, given: bytes = b"", index: Path | None = None) -> bytes:
        """Return what git answers.

        Raises:
            CannotCheckError: git is not there, does not answer in time, or refuses.
        """
        environment = _environment()
        if index is not None:
            environment["GIT_INDEX_FILE"] = str(index)
        command = ["git", *_QUIET, "-C", str(self._tree), *words]
        try:
            ran = subprocess.run(
                command, input=given, capture_output=True, env=environment, timeout=_PATIENCE_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise CannotCheckError(f"git {words[0]} could not be run: {error}") from None
        if ran.returncode:
            said = ran.stderr.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
            raise CannotCheckError(f"git {words[0]} refused: {said[0]}")
        return ran.stdout

    @property
    def is_there(self) -> bool:
        """Whether the tree lies in a repository, though git may refuse to say more."""
        return any((folder / ".git").exists() for folder in (self._tree, *self._tree.parents))

    def object_format(self) -> str:
        """Return `sha1` or `sha256`: what git's ids are made of here."""
        return self.ask("rev-parse", "--show-object-format").decode().strip()

    def indexed(self, places: Iterable[str]) -> dict[str, Indexed]:
        """Return what the index holds below *places*."""
        asked = [f":(literal){place}" for place in places]
        if not asked:
            return {}
        found = {}
        for entry in _entries(self.ask("ls-files", "-v", "-s", "-z", "--", *asked)):
            about, _, path = entry.partition("\t")
            tag, mode, name, _stage = about.split(" ")
            found[path] = Indexed(mode, name, tag.islower(), tag in {"S", "s"})
        return found

    def ignored(self, places: Iterable[str]) -> set[str]:
        """Return the files below *places* that git does not know and was told to ignore."""
        asked = [f":(literal){place}" for place in places]
        if not asked:
            return set()
        said = self.ask("ls-files", "--others", "--ignored", "--exclude-standard", "-z", "--", *asked)
        return set(_entries(said))

    def any_endings(self, paths: list[str], *, at: str | None = None) -> set[str]:
        """Return the paths whose line endings git may change: those that it takes for text or may take for it.

        Args:
            paths: Files of the tree.
            at: A commit whose attributes count; None: those of the tree.
        """
        if not paths:
            return set()
        given = b"".join(os.fsencode(path) + b"\0" for path in paths)
        with _index_of(self, at) as index:
            words = ["check-attr", "-z", "--stdin", *(["--cached"] if index else []), "text", "eol"]
            said = _entries(self.ask(*words, given=given, index=index))
        attributes: dict[str, dict[str, str]] = {}
        for path, name, value in zip(said[::3], said[1::3], said[2::3], strict=True):
            attributes.setdefault(path, {})[name] = value
        converts = self._config("core.autocrlf") in {"true", "input"}
        return {path for path, held in attributes.items() if _is_text(held, converts=converts)}

    def _config(self, name: str) -> str:
        try:
            return self.ask("config", "--get", name).decode().strip()
        except CannotCheckError:
            return ""

    def listed(self, ref: str) -> Iterator[tuple[str, str, str]]:
        """Yield mode, id and path of everything below the tree at *ref*.

        Raises:
            RolloutError: There is no such commit.
        """
        try:
            said = self.ask("ls-tree", "-r", "-z", f"{self.commit(ref)}")
        except CannotCheckError as error:
            raise RolloutError(f"baseline git:{ref} cannot be read: {error}") from None
        for entry in _entries(said):
            about, _, path = entry.partition("\t")
            mode, _kind, name = about.split(" ")
            yield mode, name, path

    def commit(self, ref: str) -> str:
        """Return the id of the commit that *ref* names.

        Raises:
            RolloutError: There is none.
        """
        try:
            return (
                self.ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}").decode().strip()
            )
        except CannotCheckError:
            raise RolloutError(
                f"git:{ref} is no commit here; expected a branch, tag or commit of this tree"
            ) from None

    def content(self, name: str) -> bytes:
        """Return the content of the blob *name*."""
        return self.ask("cat-file", "blob", name)

    def contents(self, names: list[str]) -> Iterator[bytes]:
        """Yield the content of each blob, in order, one at a time."""
        command = ["git", *_QUIET, "-C", str(self._tree), "cat-file", "--batch"]
        with tempfile.TemporaryFile() as asked:
            # The whole question is written before git starts, so that neither waits for the other.
            asked.write("".join(f"{name}\n" for name in names).encode())
            asked.flush()
            asked.seek(0)
            with subprocess.Popen(command, stdin=asked, stdout=subprocess.PIPE, env=_environment()) as process:
                answer = process.stdout
                for name in names if answer is not None else ():
                    head = answer.readline().split() if answer is not None else []
                    if len(head) != 3 or answer is None:  # noqa: PLR2004 - id, type, size
                        raise CannotCheckError(f"git has no content named {name}")
                    yield answer.read(int(head[2]))
                    answer.read(1)


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return {**kept, "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_REPLACE_OBJECTS": "1", "LC_ALL": "C"}


@contextmanager
def _index_of(git: Git, at: str | None) -> Iterator[Path | None]:
    """Have an index that holds the commit *at* for the length of the block."""
    if at is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="stormproof-index-") as folder:
        index = Path(folder, "index")
        git.ask("read-tree", git.commit(at), index=index)
        yield index


def _is_text(held: dict[str, str], *, converts: bool) -> bool:
    text, eol = held.get("text", "unspecified"), held.get("eol", "unspecified")
    if text == "unset":
        return False
    return text in {"set", "auto"} or eol in {"lf", "crlf"} or converts


def _entries(said: bytes) -> list[str]:
    return os.fsdecode(said).split("\0")[:-1]
