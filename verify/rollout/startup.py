"""Whether something runs when Python starts that could patch protected modules, or be imported in their place.

Files of the tree count wherever they lie, since which folder is on the import path is not for the tree to say. Of the
interpreter's own start-up files those count that name a protected module or answer for one: most machines have some.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from verify.rollout.errors import CannotCheckError
from verify.rollout.findings import Finding, unknown
from verify.rollout.path_text import to_text
from verify.rollout.reading import whole

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from verify.rollout.inside_tree import Interpreter

_MODULE = re.compile(r"(?:site|user)customize(?:\.pyc?|(?:\.[\w-]+)?\.(?:so|pyd))?")
"""A module, or a package, that Python imports by itself."""
_IS_ENVIRONMENT = "pyvenv.cfg"
_SKIPPED = {".git", "__pycache__"}


def startup_in_tree(tree: Path, known: Collection[str]) -> Iterator[Finding]:
    """Yield each file of the tree that Python runs or obeys when it starts, and that is not in the baseline.

    A virtual environment in the tree is left out: it counts where its interpreter is the one that runs the tree.

    Args:
        tree: The tree.
        known: Every path of the baseline.
    """
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        if os.path.lexists(tree / folder / _IS_ENVIRONMENT):
            continue
        try:
            with os.scandir(tree / folder) as entries:
                # One at a time: there may be a million in one folder.
                for entry in entries:
                    path = f"{folder}/{entry.name}" if folder else entry.name
                    if entry.is_dir(follow_symlinks=False) and entry.name not in _SKIPPED:
                        waiting.append(path)
                    if path not in known and f"{path}/__init__.py" not in known:
                        yield from _amiss(tree, path)
        except OSError as error:
            yield unknown(f"{to_text(folder)} cannot be looked into: {error.strerror}", to_text(folder), "unreadable")


def _amiss(tree: Path, path: str) -> Iterator[Finding]:
    name = path.rpartition("/")[2]
    text = to_text(path)
    if _MODULE.fullmatch(name):
        sentence = f"{text} is imported when Python starts, before any protected module, and could patch each of them"
        yield Finding(rule="shadowed", path=text, sentence=sentence)
    elif name.endswith(".pth"):
        yield from _path_file(tree, path, text)


def _path_file(tree: Path, path: str, text: str) -> Iterator[Finding]:
    try:
        lines = whole(tree / path).decode("utf-8", "backslashreplace").splitlines()
    except (OSError, CannotCheckError) as error:
        yield unknown(f"{text} cannot be read: {error}", text, "unreadable")
        return
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        does = "runs" if line.startswith(("import ", "import\t")) else "looks up modules in"
        sentence = (
            f"{text} says that Python {does} {line.strip()!r} when it starts, and was not there in the baseline"
        )
        yield Finding(rule="shadowed", path=text, line=number, sentence=sentence)
        return


def startup_of(
    interpreter: Interpreter, protected: Iterable[str], roots: tuple[str, ...], evidence: list[str]
) -> Iterator[Finding]:
    """Yield what the interpreter runs by itself that names a protected module, or answers for one.

    Args:
        interpreter: Where code of the tree may run.
        protected: The paths that are looked at.
        roots: Folders of the tree in which modules are looked up.
        evidence: Is told what was looked at.

    Raises:
        CannotCheckError: The interpreter cannot be asked.
    """
    modules = sorted({name for path in protected for root in roots for name in _module(path, root)})
    if not modules:
        return
    said = interpreter.run("startup", modules=modules, tree=os.fspath(interpreter.tree.resolve()))
    for sentence in said["amiss"]:
        yield Finding(rule="shadowed", sentence=to_text(sentence))
    if not said["amiss"]:
        count = said["looked_at"]
        evidence.append(f"{count} start-up files of Python: none names a protected module or stands in for one")


def _module(path: str, root: str) -> Iterator[str]:
    """Yield the name under which a file is imported where *root* is on the import path."""
    within = path if root == "." else path.removeprefix(f"{root}/")
    if not path.endswith(".py") or (within == path and root != "."):
        return
    parts = within.removesuffix(".py").removesuffix("/__init__").split("/")
    if all(part.isidentifier() for part in parts):
        yield ".".join(parts)
