"""How a bundle is laid out: a tar archive of which every byte that is no content follows from names and sizes.

So a changed byte outside the contents can be named as well. Nothing is compressed: the place of a byte in the bundle
is its place in a file.
"""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BLOCK = tarfile.BLOCKSIZE
"""A tar archive is made of blocks of so many bytes."""

END = bytes(2 * BLOCK)
"""What a tar archive ends with."""

ENVELOPE = "evidence.dsse.json"
"""The first member: what is stated of all others, in a DSSE envelope."""

LOCATOR = "locator.bin"
"""The last member: what is needed to name a changed byte."""

RUN_FOLDER = "run/"
"""What the names of the run's files begin with; unpacked, it is a run folder."""

BASELINE = "baseline.json"
"""The baseline of the tree that was run, where one was given."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A member's place in a bundle.

    Attributes:
        name: Its name.
        size: Bytes of its content.
        at: Where its header begins.
        header: The header.
    """

    name: str
    size: int
    at: int
    header: bytes

    @property
    def begins(self) -> int:
        """Where its content begins."""
        return self.at + len(self.header)

    @property
    def padding(self) -> int:
        """How many zeros follow its content."""
        return -self.size % BLOCK

    @property
    def ends(self) -> int:
        """Where the next member begins."""
        return self.begins + self.size + self.padding


def slots_of(members: Sequence[tuple[str, int]]) -> Iterator[Slot]:
    """Yield the place of each member, given its name and size, in their order."""
    at = 0
    for name, size in members:
        slot = Slot(name, size, at, header_of(name, size))
        at = slot.ends
        yield slot


def header_of(name: str, size: int) -> bytes:
    """Return the header of a member; it holds no time and no owner."""
    member = tarfile.TarInfo(name)
    member.size = size
    member.mode = 0o644
    return member.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")
