"""Shares the reading of protected files out to several processes, each file to exactly one of them.

The files are cut into batches. The numbers of the batches wait in a pipe, from which every process takes its next
one, so that none is taken twice and none is left. What no process says it has compared counts as not compared.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from verify.rollout.share_reader import NUMBER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from verify.rollout.manifest import Entry

_READER = Path(__file__).with_name("share_reader.py")
_LEAST = 32
"""How many files are worth a number."""
_MOST_BATCHES = 8192
"""So many numbers a pipe holds before anybody reads them."""


class Share:
    """What this process and others read of one part of a tree."""

    def __init__(self, paths: list[str], size: int, claims: int) -> None:
        """Keep what is shared.

        Args:
            paths: The files.
            size: How many of them are a batch.
            claims: Where the numbers of batches that nobody has taken yet are read.
        """
        self._paths, self._size, self._claims = paths, size, claims
        self._open = set(range(-(-len(paths) // size)))
        self._otherwise: list[str] = []
        self._readers: list[tuple[subprocess.Popen[bytes], IO[bytes]]] = []

    @property
    def processes(self) -> int:
        """How many read, this one among them."""
        return len(self._readers) + 1

    def start(self, request: bytes, python: str, stack: ExitStack) -> None:
        """Start one more process; it ends with the *stack*, whatever happens."""
        asked: IO[bytes] = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - the stack closes it
        answer: IO[bytes] = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - the stack closes it
        asked.write(request)
        asked.seek(0)
        # It needs nothing but the interpreter's own library; no key that the user presses may reach it.
        command = [python, "-I", "-S", "-B", str(_READER), str(self._claims), str(os.getpid())]
        try:
            process = subprocess.Popen(
                command,
                stdin=asked,
                stdout=answer,
                stderr=subprocess.DEVNULL,
                pass_fds=(self._claims,),
                start_new_session=True,
            )
        except OSError:
            return  # Whoever is there takes its part.
        stack.callback(process.wait)
        stack.callback(process.kill)
        self._readers.append((process, answer))

    def own(self) -> Iterator[str]:
        """Yield the files that fall to this process; it takes another batch as long as there are any."""
        while claim := os.read(self._claims, NUMBER):
            number = int.from_bytes(claim, "big")
            yield from self._batch(number)
            self._open.discard(number)

    def otherwise(self) -> Iterator[str]:
        """Wait for the others; yield the files that they did not find as the baseline has them."""
        for process, answer in self._readers:
            if process.wait():
                continue
            answer.seek(0)
            said: dict[str, Any] = json.loads(answer.read())
            self._open.difference_update(said["done"])
            yield from (self._paths[number] for number in said["otherwise"])

    def lost(self) -> Iterator[str]:
        """Yield the files that nobody has compared, when all have ended."""
        for number in sorted(self._open):
            yield from self._batch(number)

    def _batch(self, number: int) -> list[str]:
        return self._paths[number * self._size : (number + 1) * self._size]


@contextmanager
def shared(
    tree: Path, entries: Mapping[str, Entry], jobs: int, *, least: int = _LEAST, python: str = sys.executable
) -> Iterator[Share | None]:
    """Have the files among *entries* read by other processes for the length of the block.

    Args:
        tree: The tree.
        entries: What the baseline says.
        jobs: How many processes read, this one among them.
        least: Of how many files a batch is, at least.
        python: The interpreter of the others.

    Yields:
        What they do; None where this process does best to read all by itself.
    """
    files = {path: entry for path, entry in entries.items() if entry.kind == "file"} if jobs > 1 else {}
    size = max(least, -(-len(files) // _MOST_BATCHES))
    batches = -(-len(files) // size)
    if min(jobs, batches) < 2:  # noqa: PLR2004 - another one and this one
        yield None
        return
    rows = [[path, entry.any_endings, entry.mode, entry.sha256] for path, entry in files.items()]
    request = json.dumps({"tree": str(tree.resolve()), "size": size, "files": rows}).encode("ascii")
    with ExitStack() as stack:
        claims, numbers = os.pipe()
        stack.callback(os.close, claims)
        with open(numbers, "wb") as written:  # noqa: PTH123 - a descriptor
            written.write(b"".join(number.to_bytes(NUMBER, "big") for number in range(batches)))
        share = Share(list(files), size, claims)
        for _ in range(min(jobs, batches) - 1):
            share.start(request, python, stack)
        yield share
