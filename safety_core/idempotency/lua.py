"""The Lua scripts as the server gets them: packed for EVALSHA, with EVAL for a server that forgot them.

Loads package files and packs bytes; never opens a connection.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

_FOLDER = Path(__file__).parent / "scripts"
_MAX_ARGUMENTS = 16


def bulk(value: bytes) -> bytes:
    """Return one argument in RESP: its length and its bytes."""
    return b"$%d\r\n%b\r\n" % (len(value), value)


def bulk_text(value: str | int) -> bytes:
    """Return one ASCII argument in RESP."""
    text = str(value)
    return b"$%d\r\n%b\r\n" % (len(text), text.encode("ascii"))


def command(*words: str | int) -> bytes:
    """Return a whole command in RESP."""
    return b"*%d\r\n%b" % (len(words), b"".join(map(bulk_text, words)))


class Script:
    """One script, ready to be sent.

    Attributes:
        name: Name of its file, without the ending.
        sha: SHA-1 of its text, by which the server remembers it.
        head: By number of ARGV: everything of an EVALSHA before the keys. Append each `bulk(key)` and the arguments.
        full_head: The same for an EVAL with the whole text.
    """

    __slots__ = ("full_head", "head", "name", "sha")

    def __init__(
        self, name: str, *, flags: bool = True, folder: Path = _FOLDER, keys: int = 1, prelude: str = ""
    ) -> None:
        """Read the script `name`.

        Args:
            name: Name of its file, without the ending.
            flags: False drops a `#!lua` line, which servers before 7.0 do not know.
            folder: Where the file is.
            keys: How many keys the script is given.
            prelude: Name of a file of the same folder that goes before it.
        """
        text = (folder / f"{name}.lua").read_bytes()
        if not flags and text.startswith(b"#!"):
            text = text.partition(b"\n")[2]
        if prelude:
            text = (folder / f"{prelude}.lua").read_bytes() + text
        self.name = name
        self.sha = hashlib.sha1(text, usedforsecurity=False).hexdigest()
        by_sha = bulk(b"EVALSHA") + bulk_text(self.sha) + bulk_text(keys)
        whole = bulk(b"EVAL") + bulk(text) + bulk_text(keys)
        self.head = tuple(b"*%d\r\n%b" % (3 + keys + count, by_sha) for count in range(_MAX_ARGUMENTS))
        self.full_head = tuple(b"*%d\r\n%b" % (3 + keys + count, whole) for count in range(_MAX_ARGUMENTS))


CLAIM = Script("claim")
START = Script("start")
FINISH = Script("finish")
"""With `allow-oom`: the mark after an effect must go through where the server lets it (7.0 and later)."""
FINISH_WITHOUT_FLAGS = Script("finish", flags=False)
RELEASE = Script("release")
IDENTIFY = Script("identify")
PREPARE = Script("prepare")
INSPECT = Script("inspect")
RESOLVE = Script("resolve")
