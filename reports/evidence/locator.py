"""What is needed to name a changed byte: of every member its size, its digest, and two checksums of each block.

One of them is a CRC, which is linear: its change is the same as that of a block of zeros in which only the changed
bytes stand. Run backwards, it says for each place which four bytes in a row would have changed it so; the other one,
Adler-32, says which of them is true. Of bytes that were changed further apart only the block is known. The locator
only finds a place, and proves nothing: the Statement does, if it is signed.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reports.evidence.layout import BLOCK
from verify.statement import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAGIC = b"stormproof locator 1\n"
TRAILER = struct.Struct(">8sQ32s16x")
"""The end of a locator: a mark, how long the locator is, and the digest of all before."""

_MARK = b"locator1"
_ROW = struct.Struct(">II")
_BURST = 4
"""So many bytes in a row are found: as many as the register of the CRC has."""


def _entry(number: int) -> int:
    for _ in range(8):
        number = number >> 1 ^ (0xEDB88320 if number & 1 else 0)
    return number


_TABLE = [_entry(number) for number in range(256)]
_NUMBERS = {entry >> 24: number for number, entry in enumerate(_TABLE)}
"""Each entry of the CRC's table by its highest byte, which no two share."""


@dataclass(slots=True)
class Sums:
    """Size, digest and checksums of one member, while its content passes by.

    Attributes:
        name: The member.
        size: Bytes so far.
        rows: Two checksums of each whole block so far.
    """

    name: str
    size: int = 0
    rows: bytearray = field(default_factory=bytearray)
    _digest: Any = field(default_factory=hashlib.sha256)
    _rest: bytes = b""

    def take(self, content: bytes) -> None:
        """Take the next bytes of the content."""
        self.size += len(content)
        self._digest.update(content)
        held = self._rest + content if self._rest else content
        whole = len(held) - len(held) % BLOCK
        for at in range(0, whole, BLOCK):
            self.rows += row_of(held[at : at + BLOCK])
        self._rest = held[whole:]

    def end(self) -> Located:
        """Return what the locator holds of the member, whose content is over."""
        rows = self.rows + row_of(self._rest) if self._rest else self.rows
        return Located(self.name, self.size, self._digest.hexdigest(), bytes(rows))


@dataclass(frozen=True, slots=True)
class Located:
    """What the locator holds of one member.

    Attributes:
        name: The member.
        size: Bytes of its content.
        sha256: Digest of its content.
        rows: Two checksums of each block of its content.
    """

    name: str
    size: int
    sha256: str
    rows: bytes

    def row(self, number: int) -> bytes:
        """Return the checksums of block *number*, from 0."""
        return self.rows[number * _ROW.size : (number + 1) * _ROW.size]


def row_of(block: bytes) -> bytes:
    """Return the two checksums of a block."""
    return _ROW.pack(zlib.adler32(block), zlib.crc32(block))


def changed_bytes(block: bytes, row: bytes) -> tuple[int, bytes] | None:
    """Return where in *block* the changed bytes begin, and what they were; None if they are no four in a row.

    Args:
        block: The block as it is.
        row: The checksums of the block as it was.
    """
    was_adler, was_crc = _ROW.unpack(row)
    register = zlib.crc32(block) ^ was_crc
    for at in range(len(block) - 1, -1, -1):
        register = _one_byte_back(register)
        change = register.to_bytes(_BURST, "little")
        held = block[at : at + _BURST]
        if change[len(held) :].strip(b"\0"):
            continue
        was = bytes(one ^ other for one, other in zip(held, change, strict=False))
        if zlib.adler32(block[:at] + was + block[at + _BURST :]) == was_adler:
            first = next((number for number, byte in enumerate(change) if byte), 0)
            return at + first, was[first : len(change.rstrip(b"\0"))]
    return None


def _one_byte_back(register: int) -> int:
    """Return what the CRC's register was before a byte of zeros."""
    number = _NUMBERS[register >> 24]
    return ((register ^ _TABLE[number]) << 8 | number) & 0xFFFFFFFF


def written(members: Sequence[Located]) -> bytes:
    """Return the locator of *members*."""
    listed = [{"name": each.name, "sha256": each.sha256, "size": each.size} for each in members]
    body = b"".join([MAGIC, canonical(listed), b"\n", *(each.rows for each in members)])
    body += bytes(-(len(body) + TRAILER.size) % BLOCK)
    return body + TRAILER.pack(_MARK, len(body) + TRAILER.size, hashlib.sha256(body).digest())


def length_in(trailer: bytes) -> int | None:
    """Return how long the locator is whose end is *trailer*; None if it is none."""
    mark, length, _ = TRAILER.unpack(trailer)
    return length if mark == _MARK else None


def read(stored: bytes) -> list[Located] | None:
    """Return the members of a locator; None if it is not whole."""
    body, trailer = stored[: -TRAILER.size], stored[-TRAILER.size :]
    if len(trailer) < TRAILER.size or TRAILER.unpack(trailer)[2] != hashlib.sha256(body).digest():
        return None
    if not body.startswith(MAGIC):
        return None
    line, _, rows = body[len(MAGIC) :].partition(b"\n")
    try:
        return list(_members(json.loads(line), rows)) or None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _members(listed: Any, rows: bytes) -> Iterator[Located]:
    at = 0
    for each in listed:
        length = -(-int(each["size"]) // BLOCK) * _ROW.size
        yield Located(str(each["name"]), int(each["size"]), str(each["sha256"]), rows[at : at + length])
        at += length
