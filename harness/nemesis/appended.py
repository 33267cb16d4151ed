"""Reads an append-only file as a sequence of writes, so that it can be cut or damaged at a known place.

Works on the file of a dead server. The format: https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/
(commands as RESP arrays; lines that begin with ``#`` are remarks). A file that begins with a snapshot is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import CouldNotRunError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Write:
    """One write: a command, or a whole transaction.

    Attributes:
        begins: Offset of its first byte.
        ends: Offset behind its last byte.
        commands: Name and first argument of its commands.
    """

    begins: int
    ends: int
    commands: tuple[str, ...]

    def __str__(self) -> str:
        return "; ".join(self.commands)


def writes_of(path: Path) -> list[Write]:
    """Return the whole writes in the file, in order; a SELECT belongs to the write behind it.

    Raises:
        CouldNotRunError: It begins with a snapshot.
    """
    data = path.read_bytes()
    if data[:5] in {b"REDIS", b"VALKE"}:
        raise CouldNotRunError(
            f"Read {path.name}: expected commands, saw a snapshot. Do not rewrite the file before."
        )
    writes: list[Write] = []
    begins, at, commands, in_transaction = 0, 0, [], False
    while at < len(data):
        words, at = _command(data, at)
        if not words:
            continue
        name = words[0].upper()
        in_transaction = name == "MULTI" or (in_transaction and name != "EXEC")
        if name not in {"SELECT", "MULTI", "EXEC"}:
            commands.append(" ".join(words[:2]))
        if name != "SELECT" and not in_transaction:
            writes.append(Write(begins, at, tuple(commands)))
            begins, commands = at, []
    return writes


def last_writes(path: Path, count: int) -> list[Write]:
    """Return the last *count* whole writes in the file.

    Raises:
        CouldNotRunError: It begins with a snapshot, or holds fewer.
    """
    there = writes_of(path)
    if len(there) < count:
        raise CouldNotRunError(
            f"Looked for the last {count} writes in {path.name}: it holds {len(there)}. Let more be written before."
        )
    return there[-count:]


def _command(data: bytes, at: int) -> tuple[list[str], int]:
    """Return the words of the command at *at* (none of a remark), and where the next one begins."""
    end = data.index(b"\r\n", at)
    head = data[at:end]
    at = end + 2
    if not head.startswith(b"*"):
        return [], at
    words = []
    for _ in range(int(head[1:])):
        end = data.index(b"\r\n", at)
        size = int(data[at + 1 : end])
        words.append(data[end + 2 : end + 2 + size].decode("utf-8", "replace"))
        at = end + 2 + size + 2
    return words, at
