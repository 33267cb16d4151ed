"""Makes a bundle of a judged run. Reads the run folder, changes nothing there, and takes no secret along.

The same run gives the same bytes: nothing in them comes from the clock, the file system or chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reports.evidence import locator
from reports.evidence.layout import BASELINE, END, ENVELOPE, LOCATOR, RUN_FOLDER, header_of, slots_of
from reports.evidence.locator import Sums
from reports.evidence.stating import statement_of
from reports.judged_run import load_judged
from reports.stored_run import StoredRunError
from verify.redaction import first_secret, may_hold_secret
from verify.run_layout import EXPLORED, SCHEDULES
from verify.signing import PAYLOAD_TYPE, sign, unsigned
from verify.statement import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import IO

    from reports.evidence.locator import Located
    from reports.judged_run import JudgedRun

_CHUNK = 1 << 20
_KINDS = ("*.json", "*.jsonl", f"{SCHEDULES}/*.json", EXPLORED)
"""Files of a run or a part that are no report: what was asked for, seen, measured and decided."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A bundle that was made.

    Attributes:
        path: Where it is.
        files: How many files of the run it holds.
        size: Its bytes.
        is_signed: Whether a key signed it.
    """

    path: Path
    files: int
    size: int
    is_signed: bool


def pack(folder: Path, into: Path, *, key: Path | None = None, baseline: Path | None = None) -> Packed:
    """Make the bundle of the judged run in *folder*.

    Args:
        folder: The run folder.
        into: The file to write.
        key: Private key (ed25519, PEM) that signs it; None leaves it unsigned.
        baseline: A baseline of the tree that was run, taken along; None for none.

    Raises:
        StoredRunError: The folder is no judged run, was changed since it was judged, holds a secret, or cannot be
            read; or the bundle cannot be written.
        SigningError: The key cannot be used.
    """
    judged = load_judged(folder)
    sources = dict(sorted(_sources(judged, baseline).items()))
    files = [_summed(name, path) for name, path in sources.items()]
    _refuse_changed(judged, {each.name: each.sha256 for each in files})
    payload = canonical(statement_of(judged, files))
    envelope = canonical(unsigned(payload, PAYLOAD_TYPE) if key is None else sign(payload, key)) + b"\n"
    sums = Sums(ENVELOPE)
    sums.take(envelope)
    unfinished = into.with_name(f"{into.name}.unfinished")
    try:
        with unfinished.open("wb") as bundle:
            _write(bundle, envelope, [sums.end(), *files], sources)
            size = bundle.tell()
        unfinished.replace(into)
    except OSError as error:
        raise StoredRunError(f"cannot write the bundle {into}: {error.strerror}") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return Packed(into, len(files), size, key is not None)


def _sources(judged: JudgedRun, baseline: Path | None) -> dict[str, Path]:
    """Return the files of the run by their names in the bundle."""
    folder = judged.run.folder
    places = dict.fromkeys([".", *(part.place for part in judged.run.parts)])
    paths = [path for place in places for kind in _KINDS for path in (folder / place).glob(kind) if path.is_file()]
    found = {f"{RUN_FOLDER}{path.relative_to(folder).as_posix()}": path for path in paths}
    return found if baseline is None else {**found, BASELINE: baseline}


def _summed(name: str, path: Path) -> Located:
    sums = Sums(name)
    for chunk in _lines_in_chunks(path):
        if may_hold_secret(chunk):
            _refuse_secret(path, chunk, sums.size)
        sums.take(chunk)
    return sums.end()


def _refuse_secret(path: Path, chunk: bytes, before: int) -> None:
    for line in chunk.splitlines(keepends=True):
        at = first_secret(line.decode("utf-8", "replace"))
        if at is not None:
            raise StoredRunError(
                f"{path} holds what looks like a secret in the line at byte {before}; a bundle is handed on, so that "
                "nothing was packed. Run it again without the secret in names, keys and options"
            )
        before += len(line)


def _lines_in_chunks(path: Path) -> Iterator[bytes]:
    """Yield the file in pieces that end where a line ends."""
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk + file.readline()
    except OSError as error:
        raise StoredRunError(f"cannot read {path}: {error.strerror}") from error


def _refuse_changed(judged: JudgedRun, digests: Mapping[str, str]) -> None:
    """Refuse a run whose verdict speaks of other files."""
    for place, name, digest in _judged_files(judged.object["evidence"]):
        known = digests.get(f"{RUN_FOLDER}{'' if place == '.' else f'{place}/'}{name}")
        if known != digest:
            raise StoredRunError(
                f"{judged.run.folder / place / name} is not what was judged; judge it again: "
                f"stormproof judge {judged.run.folder}"
            )


def _judged_files(evidence: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name, held in evidence.items():
        if isinstance(held, str):
            yield ".", name, held
        else:
            yield from ((name, file, digest) for file, digest in held.items())


def _write(bundle: IO[bytes], envelope: bytes, members: list[Located], sources: Mapping[str, Path]) -> None:
    for slot, member in zip(slots_of([(each.name, each.size) for each in members]), members, strict=True):
        bundle.write(slot.header)
        if slot.name == ENVELOPE:
            bundle.write(envelope)
        else:
            _copy(sources[slot.name], bundle, member)
        bundle.write(bytes(slot.padding))
    stored = locator.written(members)
    bundle.write(header_of(LOCATOR, len(stored)))
    bundle.write(stored)
    bundle.write(END)


def _copy(path: Path, bundle: IO[bytes], member: Located) -> None:
    sums = Sums(member.name)
    for chunk in _lines_in_chunks(path):
        sums.take(chunk)
        bundle.write(chunk)
    if sums.end() != member:
        raise StoredRunError(f"{path} was changed while it was packed; wait until the run has ended")
