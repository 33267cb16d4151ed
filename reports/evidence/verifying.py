"""Verifies a bundle: every byte, the signature, and the verdict, by judging the histories again. Needs no Redis."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Self

from reports.evidence.checking import DamagedError, check
from reports.evidence.layout import BASELINE, ENVELOPE, RUN_FOLDER
from reports.stored_run import StoredRunError, verdict_files
from verify.history.words import Verdict
from verify.run_layout import VERDICT
from verify.signing import UnbelievedError, opened

if TYPE_CHECKING:
    from pathlib import Path
    from typing import IO

    from reports.evidence.checking import Checked


@dataclass(frozen=True, slots=True)
class Verified:
    """A bundle that is what was packed, and whose verdict came out again.

    Attributes:
        verdict: The run's verdict.
        files: Files of the run.
        size: Their bytes.
        signature: Who signed it, in words.
    """

    verdict: Verdict
    files: int
    size: int
    signature: str


def verify(bundle: Path, room: Path, *, key: Path | None = None) -> Verified:
    """Verify the bundle at *bundle*.

    Args:
        bundle: The file.
        room: An empty folder into which its files are unpacked; the run folder is ``run`` in it.
        key: The public key (ed25519, PEM) that must have signed it; None takes what is not signed.

    Raises:
        DamagedError: It is not what was packed, not signed by the key, or judging again gives another verdict.
        StoredRunError: It cannot be read, is no bundle, or is signed and no key was given.
        SigningError: The key cannot be used.
    """
    with _Unpacking(room) as unpacking:
        checked = check(bundle, unpacking)
    signature = _signed(checked, bundle, key)
    return Verified(
        verdict=_judged_again(room, checked),
        files=len(checked.files),
        size=sum(each.size for each in checked.files),
        signature=signature,
    )


class _Unpacking:
    """Writes the files of a bundle where they belong, and nowhere else."""

    def __init__(self, room: Path) -> None:
        self._room = room
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def begin(self, name: str) -> None:
        """Open the file *name*.

        Raises:
            DamagedError: The name leads elsewhere.
        """
        self.__exit__()
        place = PurePosixPath(name)
        is_ours = name in {ENVELOPE, BASELINE} or name.startswith(RUN_FOLDER)
        if not is_ours or place.is_absolute() or ".." in place.parts or "\0" in name:
            raise DamagedError(f"the bundle names a file {name!r}, which belongs to no run")
        path = self._room / place
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("xb")

    def take(self, content: bytes) -> None:
        """Write the next bytes."""
        if self._file is not None:
            self._file.write(content)


def _signed(checked: Checked, bundle: Path, key: Path | None) -> str:
    """Return who signed it, in words, if that is who must have."""
    is_signed = bool(checked.envelope.get("signatures"))
    if key is None:
        if is_signed:
            raise StoredRunError(f"{bundle} is signed; say with --key whose signature is believed")
        return "none; who changes a file and its digests together is not seen"
    if not is_signed:
        raise DamagedError("it is not signed, and --key asks for a signature")
    try:
        opened(checked.envelope, key, str(bundle))
    except UnbelievedError as error:
        raise DamagedError(str(error)) from None
    return f"good, by the key of {key}"


def _judged_again(room: Path, checked: Checked) -> Verdict:
    """Judge the unpacked run and return its verdict, which must be the stored one to the byte."""
    folder = room / RUN_FOLDER
    bodies = verdict_files(folder)
    for place, body in bodies.items():
        try:
            stored = (folder / place).read_bytes()
        except OSError as error:
            raise DamagedError(f"the bundle holds no {RUN_FOLDER}{place}: {error.strerror}") from None
        if stored != body:
            raise DamagedError(f"judging again gives another {RUN_FOLDER}{place} than was packed")
    verdict = Verdict(json.loads(bodies[VERDICT])["verdict"])
    stated = checked.statement["predicate"]
    result = "PASSED" if verdict is Verdict.VALID else "FAILED"
    if (stated.get("verdict"), stated.get("result")) != (verdict, result):
        raise DamagedError(f"the Statement says {stated.get('verdict')} of a run that is {verdict.value}")
    return verdict
