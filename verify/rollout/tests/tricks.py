"""Ways to change what is protected, or to hide that it was changed; each names the check and the rule that see it."""

from __future__ import annotations

import importlib.util
import marshal
import os
import shutil
import struct
from typing import TYPE_CHECKING

from verify.rollout.tests.trees import flip, git

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

EXECUTION, PAPER, RISK, MODEL = (
    "execution_unchanged",
    "paper_pipeline_unchanged",
    "risk_gates_unchanged",
    "frozen_model_unchanged",
)


def changed_byte(tree: Path) -> None:
    """One byte is another one."""
    flip(tree / "execution/orders.py", 40)


def changed_byte_same_time(tree: Path) -> None:
    """One byte is another one, and size and times are as they were."""
    path = tree / "execution/orders.py"
    status = path.stat()
    flip(path, 40)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def executable(tree: Path) -> None:
    """A file may be executed that could not."""
    (tree / "paper_gate/gate.py").chmod(0o755)


def missing(tree: Path) -> None:
    """A file is gone."""
    (tree / "risk/kill_switch.py").unlink()


def renamed(tree: Path) -> None:
    """A file has another name."""
    (tree / "risk/kill_switch.py").rename(tree / "risk/switch.py")


def new(tree: Path) -> None:
    """A file is there that was not."""
    (tree / "execution/more.py").write_text("")


def link_to_copy(tree: Path) -> None:
    """A file is a link to the same bytes elsewhere."""
    path = tree / "execution/orders.py"
    shutil.copy(path, tree / "adaptive/orders.py")
    path.unlink()
    path.symlink_to("../adaptive/orders.py")


def folder_is_link(tree: Path) -> None:
    """A whole folder is a link to its copy."""
    shutil.move(tree / "paper_gate", tree / "elsewhere")
    (tree / "paper_gate").symlink_to("elsewhere")


def folder_gone(tree: Path) -> None:
    """A whole folder is gone."""
    shutil.rmtree(tree / "paper_gate")


def pipe(tree: Path) -> None:
    """A pipe stands where a file was; reading it would never end."""
    (tree / "execution/orders.py").unlink()
    os.mkfifo(tree / "execution/orders.py")


def link_loop(tree: Path) -> None:
    """A link leads to itself."""
    (tree / "risk/loop").symlink_to("loop")


def shadow_extension(tree: Path) -> None:
    """A compiled extension is found before the source."""
    (tree / "model.so").write_bytes(b"")


def shadow_package(tree: Path) -> None:
    """A package has the name of a protected module, in a folder that the rules do not mean."""
    (tree / "execution.py").write_text("")


def poisoned_compiled(tree: Path) -> None:
    """A compiled file says something else than its source, with the source's own size and time."""
    source = tree / "execution/orders.py"
    status = source.stat()
    code = compile("place_order = print", str(source), "exec")
    head = importlib.util.MAGIC_NUMBER + struct.pack("<III", 0, int(status.st_mtime), status.st_size)
    place = source.with_name("__pycache__") / importlib.util.cache_from_source(source.name).rpartition("/")[2]
    place.parent.mkdir()
    place.write_bytes(head + marshal.dumps(code))


def assume_unchanged(tree: Path) -> None:
    """Git is told to assume that a file does not change."""
    git(tree, "update-index", "--assume-unchanged", "execution/orders.py")


def skip_worktree(tree: Path) -> None:
    """Git is told not to look at a file."""
    git(tree, "update-index", "--skip-worktree", "execution/orders.py")


def ignored(tree: Path) -> None:
    """Git forgets a file and is told to ignore it."""
    git(tree, "rm", "--cached", "--quiet", "execution/orders.py")
    (tree / ".git/info/exclude").write_text("execution/orders.py\n")


def not_in_git(tree: Path) -> None:
    """Git forgets a file that still lies there."""
    git(tree, "rm", "--cached", "--quiet", "execution/orders.py")


def other_in_index(tree: Path) -> None:
    """Git holds another content than the tree."""
    path = tree / "execution/orders.py"
    content = path.read_bytes()
    flip(path, 40)
    git(tree, "add", "execution/orders.py")
    path.write_bytes(content)


def new_in_index(tree: Path) -> None:
    """Git holds a file that the tree does not show."""
    new(tree)
    git(tree, "add", "execution/more.py")
    (tree / "execution/more.py").unlink()


def odd_names(tree: Path) -> None:
    """A new file has a name that is no text."""
    with open(os.fsencode(tree / "execution") + b"/a\nb\xff.py", "wb"):  # noqa: PTH123 - the name is bytes
        pass


TRICKS: Mapping[Callable[[Path], None], tuple[str, str]] = {
    changed_byte: (EXECUTION, "changed"),
    changed_byte_same_time: (EXECUTION, "changed"),
    executable: (PAPER, "changed"),
    missing: (RISK, "missing"),
    renamed: (RISK, "new"),
    new: (EXECUTION, "new"),
    link_to_copy: (EXECUTION, "changed"),
    folder_is_link: (PAPER, "new"),
    folder_gone: (PAPER, "missing"),
    pipe: (EXECUTION, "changed"),
    link_loop: (RISK, "new"),
    shadow_extension: (MODEL, "shadowed"),
    shadow_package: (EXECUTION, "shadowed"),
    poisoned_compiled: (EXECUTION, "compiled"),
    assume_unchanged: (EXECUTION, "hidden"),
    skip_worktree: (EXECUTION, "hidden"),
    ignored: (EXECUTION, "hidden"),
    not_in_git: (EXECUTION, "not-in-git"),
    other_in_index: (EXECUTION, "other-in-git"),
    new_in_index: (EXECUTION, "new"),
    odd_names: (EXECUTION, "new"),
}
"""Each trick, the one check that sees it, and the rule of its finding."""
