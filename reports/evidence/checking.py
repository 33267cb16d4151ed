"""Says whether a bundle is, byte for byte, what was packed; else which byte is the first that is not.

What lies between the contents follows from names and sizes, and is compared. Contents are compared block by block
with the locator, and as wholes with the Statement. While they pass by, they are handed on.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from reports.evidence import locator
from reports.evidence.layout import BLOCK, END, ENVELOPE, LOCATOR, Slot, header_of, slots_of
from reports.evidence.locator import TRAILER, Located, Sums
from reports.evidence.stating import PREDICATE
from reports.stored_run import StoredRunError
from verify.signing import SigningError, payload_of
from verify.statement import STATEMENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import IO

_CHUNK = 2048 * BLOCK


class DamagedError(Exception):
    """A bundle is not what was packed. The message says where."""


class Sink(Protocol):
    """Takes the contents of a bundle, member by member."""

    def begin(self, name: str) -> None:
        """Take what follows as the content of *name*."""

    def take(self, content: bytes) -> None:
        """Take the next bytes."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A bundle that is what was packed.

    Attributes:
        envelope: Its envelope, as JSON.
        statement: What is stated.
        files: The run's files, as they are stated.
    """

    envelope: dict[str, Any]
    statement: dict[str, Any]
    files: tuple[Located, ...]


def check(path: Path, sink: Sink) -> Checked:
    """Check every byte of the bundle at *path* and hand the run's files to *sink*.

    Raises:
        DamagedError: It is not what was packed; the first changed byte is named.
        StoredRunError: It cannot be read, or is no bundle.
    """
    try:
        with path.open("rb") as file:
            return _Check(path, file, sink).checked()
    except OSError as error:
        raise StoredRunError(
            f"cannot read {path}: {error.strerror}; expected a bundle that stormproof packed"
        ) from error


class _Check:
    def __init__(self, path: Path, file: IO[bytes], sink: Sink) -> None:
        self._path = path
        self._file = file
        self._sink = sink
        self._size = file.seek(0, 2)

    def checked(self) -> Checked:
        located = self._located()
        if located is None:
            located = self._stated()
            is_known = False
        else:
            is_known = True
        sums = [self._member(slot, of) for slot, of in zip(self._slots(located), located, strict=True)]
        self._end(sums)
        envelope, statement, files = self._open_envelope(located[0].size)
        self._compare(files, sums[1:] if is_known else located[1:])
        return Checked(envelope, statement, tuple(files))

    def _located(self) -> list[Located] | None:
        """Return what the locator holds; None where it is not whole."""
        if self._size < len(END) + TRAILER.size:
            return None
        end = self._size - len(END)
        length = locator.length_in(self._read(end - TRAILER.size, TRAILER.size))
        if length is None or not TRAILER.size <= length <= end:
            return None
        found = locator.read(self._read(end - length, length))
        if found is None or found[0].name != ENVELOPE or not all(self._fits(each.size) for each in found):
            return None
        return found

    def _fits(self, size: int) -> bool:
        return 0 <= size <= self._size

    def _stated(self) -> list[Located]:
        """Return what the envelope states of sizes and digests, where the locator is of no help."""
        header = self._read(0, BLOCK)
        try:
            size = int(header[124:136].rstrip(b"\0 ") or b"-1", 8)
        except ValueError:
            size = -1
        if size < 0 or header != header_of(ENVELOPE, size):
            raise StoredRunError(
                f"{self._path} is no bundle, or both its ends are damaged; expected a file that `stormproof evidence "
                "pack` wrote"
            )
        envelope, _, files = self._open_envelope(size)
        content = self._read(BLOCK, size)
        return [Located(ENVELOPE, size, hashlib.sha256(content).hexdigest(), b""), *files] if envelope else []

    def _slots(self, located: Sequence[Located]) -> Iterator[Slot]:
        return slots_of([(each.name, each.size) for each in located])

    def _open_envelope(self, size: int) -> tuple[dict[str, Any], dict[str, Any], list[Located]]:
        """Return the envelope, the Statement in it, and the files that it names."""
        content = self._read(len(header_of(ENVELOPE, size)), size)
        try:
            envelope = json.loads(content)
            statement = json.loads(payload_of(envelope, ENVELOPE))
            if statement["_type"] != STATEMENT or statement["predicateType"] != PREDICATE:
                raise StoredRunError(f"{self._path} states {statement['predicateType']!r}; expected {PREDICATE}")
            sizes = {str(each["name"]): int(each["size"]) for each in statement["predicate"]["files"]}
            files = [
                Located(str(each["name"]), sizes[each["name"]], str(each["digest"]["sha256"]), b"")
                for each in statement["subject"]
            ]
            if not all(self._fits(each.size) for each in files):
                raise StoredRunError(f"the Statement of {self._path} names a file that is larger than the bundle")
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError, SigningError) as error:
            raise StoredRunError(f"the Statement of {self._path} cannot be read: {error}") from error
        return envelope, statement, files

    def _member(self, slot: Slot, of: Located) -> Located:
        """Compare one member with what is known of it; return what it is."""
        self._same(slot.header, slot.at, f"the header of {slot.name}")
        self._sink.begin(slot.name)
        sums = Sums(slot.name)
        at = slot.begins
        while at < slot.begins + slot.size:
            content = self._read(at, min(_CHUNK, slot.begins + slot.size - at))
            if not content:
                raise self._cut_off(slot.name, at - slot.begins, slot.size)
            before = len(sums.rows)
            sums.take(content)
            self._blocks(of, before, bytes(sums.rows[before:]), slot)
            self._sink.take(content)
            at += len(content)
        found = sums.end()
        self._blocks(of, len(sums.rows), found.rows[len(sums.rows) :], slot)
        if found.sha256 != of.sha256:
            raise DamagedError(f"{slot.name} is not what was packed; which byte was changed is not known")
        self._same(bytes(slot.padding), slot.begins + slot.size, f"the padding after {slot.name}")
        return found

    def _blocks(self, of: Located, before: int, rows: bytes, slot: Slot) -> None:
        """Compare the checksums of some blocks, the first of which has those at *before* among all rows."""
        if not of.rows or rows == of.rows[before : before + len(rows)]:
            return
        width = len(locator.row_of(b""))
        first = next(
            number
            for number in range(len(rows) // width)
            if rows[number * width : (number + 1) * width] != of.row(before // width + number)
        )
        number = before // width + first
        block = self._read(slot.begins + number * BLOCK, min(BLOCK, slot.size - number * BLOCK))
        begins = number * BLOCK
        found = locator.changed_bytes(block, of.row(number))
        if found is None:
            raise DamagedError(
                f"the first changed byte is among bytes {begins:,} to {begins + len(block) - 1:,} of {slot.name} "
                f"(byte {slot.begins + begins:,} of the bundle and after); several were changed there"
            )
        at, was = found
        raise self._changed(slot.name, begins + at, slot.begins + begins + at, block[at : at + len(was)], was)

    def _same(self, expected: bytes, at: int, where: str) -> None:
        """Compare bytes that follow from names and sizes."""
        found = self._read(at, len(expected))
        for number, (one, other) in enumerate(zip(found, expected, strict=False)):
            if one != other:
                raise self._changed(where, number, at + number, bytes([one]), bytes([other]))
        if len(found) < len(expected):
            raise self._cut_off(where, len(found), len(expected))

    def _end(self, members: Sequence[Located]) -> None:
        """Compare the locator and what follows it with what they must be."""
        slots = list(self._slots(members))
        at = slots[-1].ends
        stored = locator.written(members)
        header = header_of(LOCATOR, len(stored))
        self._same(header, at, f"the header of {LOCATOR}")
        at += len(header)
        self._same(stored, at, LOCATOR)
        self._same(END, at + len(stored), "the end of the archive")
        more = self._size - (at + len(stored) + len(END))
        if more:
            raise DamagedError(f"{more:,} bytes follow the end of the archive, from byte {self._size - more:,} on")

    def _compare(self, stated: Sequence[Located], found: Sequence[Located]) -> None:
        """Compare what is stated with what is there: the locator may have been made anew, the Statement is signed."""
        if [(each.name, each.size, each.sha256) for each in stated] == [
            (each.name, each.size, each.sha256) for each in found
        ]:
            return
        digests = {each.name: each.sha256 for each in stated}
        for each in found:
            if digests.get(each.name) != each.sha256:
                raise DamagedError(f"{each.name} is not what the Statement says; which byte was changed is not known")
        raise DamagedError("the Statement names other files than the bundle holds")

    def _changed(self, where: str, at: int, in_bundle: int, found: bytes, was: bytes) -> DamagedError:
        more = "" if len(was) == 1 else f", {len(was)} bytes from there"
        return DamagedError(
            f"byte {at:,} of {where} was changed (byte {in_bundle:,} of the bundle){more}: "
            f"it is 0x{found.hex()} and was 0x{was.hex()}"
        )

    def _cut_off(self, where: str, held: int, size: int) -> DamagedError:
        return DamagedError(f"the bundle is cut off: it ends after byte {held:,} of the {size:,} of {where}")

    def _read(self, at: int, size: int) -> bytes:
        self._file.seek(at)
        return self._file.read(size)
