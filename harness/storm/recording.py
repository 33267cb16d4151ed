"""What a worker of a storm writes down: events as lines, spread over files by their key.

A line is with the operating system before what it tells of is done, so that SIGKILL takes nothing back. Every event
of a key is in the same bucket, whichever worker wrote it, and so each bucket can be judged by itself.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Self
from zlib import crc32

from verify.history.events import Complete, EffectReply, Event, Invoke, to_object

if TYPE_CHECKING:
    from pathlib import Path

_REMEMBERED = 20_000
"""Operations of a worker process whose bucket is known; users have one each at a time."""


def bucket_of(key: str, buckets: int) -> int:
    """Return the bucket of *key*, from 0, where there are so many."""
    return crc32(key.encode("utf-8", "surrogatepass")) % buckets


def bucket_file(writer: str, bucket: int) -> str:
    """Return the name of the file in which *writer* writes the events of *bucket*."""
    return f"{bucket:03d}.{writer}.jsonl"


def as_line(event: Event) -> bytes:
    """Return an event as one line."""
    return json.dumps(to_object(event), separators=(",", ":")).encode("ascii") + b"\n"


class Recording:
    """The files of one writer. As a context manager it closes them."""

    def __init__(self, folder: Path, writer: str, buckets: int) -> None:
        """Write into *folder* under the name *writer*, spread over so many *buckets*."""
        self._buckets = buckets
        self._folder = folder
        self._writer = writer
        self._files: dict[int, int] = {}
        self._bucket_of_op: dict[int, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            os.close(file)
        self._files.clear()

    def write(self, event: Event) -> None:
        """Write one event of a key: a call, what came of it, a request to the venue, its reply."""
        line = as_line(event)
        if isinstance(event, Complete | EffectReply):
            bucket = self._bucket_of_op[event.op]
        else:
            bucket = bucket_of(event.key, self._buckets)  # type: ignore[union-attr]  # every other event of an operation has one
            if isinstance(event, Invoke):
                self._remember(event.op, bucket)
        self.put(bucket, line)

    def _remember(self, op: int, bucket: int) -> None:
        """Keep where an operation belongs: its last reply may come after its answer, though never long after."""
        self._bucket_of_op[op] = bucket
        if len(self._bucket_of_op) > _REMEMBERED:
            del self._bucket_of_op[next(iter(self._bucket_of_op))]

    def put(self, bucket: int, line: bytes) -> None:
        """Append a line to a bucket."""
        file = self._files.get(bucket)
        if file is None:
            path = self._folder / bucket_file(self._writer, bucket)
            file = self._files[bucket] = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        while line:
            line = line[os.write(file, line) :]
