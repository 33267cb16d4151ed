"""Reads files of a tree as they are, following no link. Says so when a file cannot be read or changes meanwhile."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from verify.rollout.errors import CannotCheckError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_CHUNK = 1 << 20
_MOST = 1 << 26
"""How many bytes of a source, a configuration or a list of rules are read."""
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_LOOKED_AT = 8000
"""How many bytes git looks at to tell text from other content."""
_LFS = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-[^\n]*\n)*oid sha256:([0-9a-f]{64})\nsize \d+\n"
)
_LFS_MOST = 1024


class Content(NamedTuple):
    """What is in a file.

    Attributes:
        kind: `file` or `link`; `other` is neither, such as a pipe.
        mode: As git keeps it: 100644, 100755 or 120000; empty for `other`.
        sha256: Of the content, with line endings as git stores them; of a link, of its target.
        pointer: Whether it is a Git LFS pointer; `sha256` is then that of the content that it points to.
    """

    kind: str
    mode: str
    sha256: str
    pointer: bool = False


def whole(path: Path, most: int = _MOST) -> bytes:
    """Return the content of a file, or of the file to which a link leads.

    Args:
        path: The file.
        most: How many bytes are read at most.

    Raises:
        CannotCheckError: It is no file, or holds more.
        OSError: It cannot be read.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise CannotCheckError("it is a folder, pipe, socket or device, and no file")
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:  # noqa: PTH123 - a descriptor
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise CannotCheckError("it changed while it was read")
        content = file.read(most + 1)
    if len(content) > most:
        raise CannotCheckError(f"it holds more than {most:,} bytes")
    return content


def mode_of(status: os.stat_result) -> str:
    """Return the mode as git keeps it: of the permissions only whether the owner may execute it."""
    if stat.S_ISLNK(status.st_mode):
        return "120000"
    return "100755" if status.st_mode & stat.S_IXUSR else "100644"


def read(path: Path | str, *, any_endings: bool, is_file: bool = False) -> Content:
    """Return what is at *path*.

    Args:
        path: A file or link.
        any_endings: Whether git may change its line endings, so that they count as LF.
        is_file: Whether its folder lists it as a file, so that it can be opened without a look at it first.

    Raises:
        CannotCheckError: It cannot be read, or changed while it was read.
        FileNotFoundError: It is not there.
    """
    # What is no file is not opened: a device may do something then.
    status = None if is_file else os.lstat(path)
    if status is not None and stat.S_ISLNK(status.st_mode):
        target = os.fsencode(os.readlink(path))  # noqa: PTH115 - byte for byte
        return Content(kind="link", mode="120000", sha256=hashlib.sha256(target).hexdigest())
    if status is not None and not stat.S_ISREG(status.st_mode):
        return Content(kind="other", mode="", sha256="")
    try:
        # O_NONBLOCK: a pipe that takes the file's place meanwhile must not hold us.
        descriptor = os.open(path, _FLAGS)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise CannotCheckError(f"it cannot be read: {error.strerror}") from None
    try:
        return _read_file(path, descriptor, any_endings=any_endings)
    except OSError as error:
        raise CannotCheckError(f"it cannot be read: {os.strerror(error.errno or errno.EIO)}") from None
    finally:
        os.close(descriptor)


def _read_file(path: Path | str, descriptor: int, *, any_endings: bool) -> Content:
    before = os.fstat(descriptor)
    if before.st_size <= _CHUNK:
        # One byte more than there should be: where it comes, the file is longer than it says.
        start = os.read(descriptor, before.st_size + 1)
        size, digest = len(start), hashlib.sha256(as_stored(start, any_endings=any_endings)).hexdigest()
    else:
        digest, size, start = _digest(descriptor, any_endings=any_endings)
    # The place still leads to what was opened, and that is as it was: one look says both.
    if size != before.st_size or not stat.S_ISREG(before.st_mode) or not _still_there(path, before):
        raise CannotCheckError("it changed while it was read")
    if size <= _LFS_MOST and (pointed := _LFS.fullmatch(start)):
        return Content(kind="file", mode=mode_of(before), sha256=pointed[1].decode(), pointer=True)
    return Content(kind="file", mode=mode_of(before), sha256=digest)


identity: Callable[[os.stat_result], tuple[int, ...]] = attrgetter(
    "st_dev", "st_ino", "st_size", "st_mtime_ns", "st_ctime_ns", "st_mode"
)
"""Returns what changes whenever a file is changed or replaced, as far as the system tells."""


def _still_there(path: Path | str, status: os.stat_result) -> bool:
    try:
        return identity(os.lstat(path)) == identity(status)
    except OSError:
        return False


def _digest(descriptor: int, *, any_endings: bool) -> tuple[str, int, bytes]:
    """Return the digest, the bytes read and the first of them."""
    digest, size, start, held = hashlib.sha256(), 0, b"", b""
    as_text = any_endings
    while chunk := os.read(descriptor, _CHUNK):
        if not size:
            start = chunk[:_LOOKED_AT]
            as_text = any_endings and b"\0" not in start
        size += len(chunk)
        if as_text:
            chunk = held + chunk
            held = b"\r" if chunk.endswith(b"\r") else b""
            chunk = (chunk[:-1] if held else chunk).replace(b"\r\n", b"\n")
        digest.update(chunk)
    digest.update(held)
    return digest.hexdigest(), size, start


def as_stored(content: bytes, *, any_endings: bool) -> bytes:
    """Return *content* as git stores it: text with LF."""
    if not any_endings or b"\0" in content[:_LOOKED_AT]:
        return content
    return content.replace(b"\r\n", b"\n")


def pointed_at(content: bytes) -> str:
    """Return the sha256 of what a Git LFS pointer points to; empty if *content* is none."""
    found = _LFS.fullmatch(content) if len(content) <= _LFS_MOST else None
    return found[1].decode() if found else ""
