"""Compares batches of files with what is said of them: one of the processes of `sharing`.

Run as a script, with the descriptor from which numbers of batches are taken and the process that started it. It reads
one request from standard input. It ends when no batch is left, or nobody is there to be told, and answers at its end.
"""

from __future__ import annotations

import gc
import json
import os
import sys

if __name__ == "__main__":
    sys.path.insert(0, os.path.abspath(f"{__file__}/../../.."))  # noqa: PTH100 - nothing else is loaded

from verify.rollout.errors import CannotCheckError
from verify.rollout.reading import read

NUMBER = 4
"""How many bytes the number of a batch has; a pipe gives all of them or none."""


def main(claims: int, parent: int) -> None:
    """Take batches and compare them; answer with their numbers, and with the files that are not as they should be."""
    # It lives too short for what a collection would save.
    gc.disable()
    request = json.load(sys.stdin)
    tree, size, files = request["tree"], request["size"], request["files"]
    done: list[int] = []
    otherwise: list[int] = []
    while (claim := os.read(claims, NUMBER)) and os.getppid() == parent:
        number = int.from_bytes(claim, "big")
        for place in range(number * size, min((number + 1) * size, len(files))):
            path, any_endings, mode, sha256 = files[place]
            if not _is_as_said(f"{tree}/{path}", any_endings, mode, sha256):
                otherwise.append(place)
        done.append(number)
    json.dump({"done": done, "otherwise": otherwise}, sys.stdout)


def _is_as_said(path: str, any_endings: bool, mode: str, sha256: str) -> bool:
    try:
        content = read(path, any_endings=any_endings)
    except (OSError, CannotCheckError):
        return False
    return (content.kind, content.mode, content.sha256, content.pointer) == ("file", mode, sha256, False)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
