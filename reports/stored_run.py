"""A stored run: what is in its folder, and its judgement. Reads the folder and nothing else: no Redis, no clock.

Judging the same folder again gives the same bytes. What cannot be read, or was cut off, is never VALID.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from reports.judging_apart import judge_histories
from reports.schedule_index import ScheduleIndex
from reports.stored_history import HistoryReader, mark_of
from verify.durability.cell import read_cells
from verify.durability.matrix import judge_lattice
from verify.history.campaign import compose, instrument_row
from verify.history.judge import EXPLORE
from verify.history.judgement import dumps_canonical
from verify.history.kill_matrix import is_blind, kill_matrix
from verify.history.record import SCHEMA, ExplorationRecord, MalformedRecordError
from verify.history.words import Verdict, merge
from verify.properties.claims import judge_claims, read_drawn
from verify.run_layout import (
    CELLS,
    CLAIMS,
    COMPARISON,
    DURABILITY,
    EXPLORED,
    HISTORY,
    PROPERTIES,
    RECORD,
    RUN,
    STORM,
    VERDICT,
    schedule_file,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from verify.history.judgement import Judgement, ListedFinding

SINGLE = "explore"
"""The kind of a run that is one exploration; its part is the run folder itself."""

SELFTEST = "selftest"
"""The kind of a run that judges nothing but the instrument."""

KINDS = (SINGLE, "campaign", SELFTEST, STORM, COMPARISON)
INTERRUPTED = "interrupted"


class StoredRunError(Exception):
    """A run folder cannot be judged. The message is one line: what was read, what is wrong, what to do next."""

    exit_code = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPart:
    """One exploration or story of a run.

    Attributes:
        name: What reports call it.
        place: Its folder within the run folder; ``.`` for the run folder itself.
        folder: Where it is.
        is_instrument: It checks the instrument: a planted guard or its sound twin.
        checker: The checker that must find a planted guard INVALID; None for a twin or a subject.
        record: What it says of itself.
    """

    name: str
    place: str
    folder: Path
    is_instrument: bool
    checker: str | None
    record: ExplorationRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRun:
    """A run folder that was read.

    Attributes:
        folder: Where it is.
        named: The folder as the user named it when it was run; replay lines use it.
        kind: ``explore``, ``campaign``, ``selftest``, ``storm`` or ``comparison``.
        interrupted: It was stopped before its end.
        parts: Its parts, in order.
        not_run: Name and reason of everything that was not run.
        unshown: Those of them that were wanted: without them the run is not VALID.
    """

    folder: Path
    named: str
    kind: str
    interrupted: bool
    parts: tuple[StoredPart, ...]
    not_run: tuple[tuple[str, str], ...]
    unshown: tuple[tuple[str, str], ...]


def load_run(folder: Path | str, *, only: str | None = None) -> StoredRun:
    """Return what is stored in *folder*.

    Args:
        folder: The run folder.
        only: Read this part alone, by its name: others may still be running; None reads all.

    Raises:
        StoredRunError: The folder, its ``run.json`` or a part is missing, unreadable, cut off or malformed.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise StoredRunError(f"there is no run folder {folder}; expected a folder that stormproof wrote")
    stored = read_object(folder / RUN)
    if stored.get("schema") != SCHEMA:
        raise StoredRunError(f"{folder / RUN} has schema {stored.get('schema')!r}; this version reads {SCHEMA}")
    kind = stored.get("kind")
    if kind not in KINDS:
        raise StoredRunError(f"{folder / RUN}: kind is {kind!r}; expected one of {', '.join(KINDS)}")
    named = stored.get("folder", str(folder))
    parts = stored.get("parts")
    interrupted = stored.get("interrupted", False)
    if not isinstance(named, str) or not isinstance(parts, list) or not isinstance(interrupted, bool):
        raise StoredRunError(f"{folder / RUN}: folder must be a text, parts a list, interrupted true or false")
    if kind == SINGLE and len(parts) != 1:
        raise StoredRunError(f"{folder / RUN}: a run of kind {SINGLE} has one part, not {len(parts)}")
    return StoredRun(
        folder=folder,
        named=named,
        kind=kind,
        interrupted=interrupted,
        parts=tuple(_load_part(folder, part) for part in parts if only is None or _is_named(part, only)),
        not_run=tuple(_not_run(folder, stored.get("not_run", []))),
        unshown=tuple(_not_run(folder, stored.get("not_run", []), deciding=True)),
    )


def judge_run(folder: Path | str) -> dict[str, Any]:
    """Judge the run stored in *folder* and return the object of its ``verdict.json``; nothing is written.

    Raises:
        StoredRunError: As :func:`load_run`.
    """
    run = load_run(folder)
    return _composed(run, [_judged(run, part) for part in run.parts])


def judge_part(folder: Path | str, name: str) -> dict[str, Any]:
    """Judge the one part *name* of the run stored in *folder* and return the object of its verdict.

    Raises:
        StoredRunError: As :func:`load_run`, or there is no such part.
    """
    run = load_run(folder, only=name)
    for part in run.parts:
        return _judged(run, part)
    raise StoredRunError(f"{run.folder} has no part {name!r}; look at its {RUN}")


def write_verdict(folder: Path | str, known: Mapping[str, dict[str, Any]] | None = None) -> dict[str, Any]:
    """Judge the run stored in *folder*, write ``verdict.json`` of the run and of each part, return the run's.

    Args:
        folder: The folder.
        known: What :func:`judge_part` returned for parts in which nothing was written since; they are not read again.

    Raises:
        StoredRunError: As :func:`load_run`, or the files cannot be written.
    """
    run = load_run(folder)
    composed, bodies = _verdicts(run, known or {})
    for place, body in bodies.items():
        write_whole(run.folder / place, body)
    return composed


def verdict_files(folder: Path | str) -> dict[str, bytes]:
    """Judge the run stored in *folder* and return what its verdict files must hold, by their places; write nothing.

    Raises:
        StoredRunError: As :func:`load_run`.
    """
    return _verdicts(load_run(folder), {})[1]


def _verdicts(run: StoredRun, known: Mapping[str, dict[str, Any]]) -> tuple[dict[str, Any], dict[str, bytes]]:
    judged = [known[part.name] if part.name in known else _judged(run, part) for part in run.parts]
    composed = _composed(run, judged)
    bodies = {
        f"{part.place}/{VERDICT}": dumps_canonical(verdict)
        for part, verdict in zip(run.parts, judged, strict=True)
        if part.place != "."
    }
    return composed, {**bodies, VERDICT: dumps_canonical(composed)}


def read_object(path: Path) -> dict[str, Any]:
    """Return the JSON object stored at *path*.

    Raises:
        StoredRunError: The file is missing, unreadable, cut off, or holds no JSON object.
    """
    try:
        stored = json.loads(path.read_bytes())
    except OSError as error:
        raise StoredRunError(f"cannot read {path}: {error.strerror}; a run folder holds this file") from error
    except (ValueError, RecursionError) as error:
        raise StoredRunError(f"{path} is no whole JSON file (is it cut off?): {error}") from error
    if not isinstance(stored, dict):
        raise StoredRunError(f"{path} must hold a JSON object, not a {type(stored).__name__}")
    return stored


def write_whole(path: Path, body: bytes) -> None:
    """Write *body* to *path* at once, so that nobody ever reads half of it.

    Raises:
        StoredRunError: It cannot be written.
    """
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        unfinished.write_bytes(body)
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise StoredRunError(f"cannot write {path}: {error.strerror}") from error


def _is_named(part: Any, name: str) -> bool:
    return isinstance(part, dict) and part.get("name") == name


def _load_part(folder: Path, stored: Any) -> StoredPart:
    name, place, role = (
        stored.get(each) if isinstance(stored, dict) else None for each in ("name", "folder", "role")
    )
    if not isinstance(name, str) or not isinstance(place, str) or role not in {"instrument", "subject"}:
        raise StoredRunError(f"{folder / RUN}: a part needs a name, a folder and the role instrument or subject")
    inner = PurePosixPath(place)
    if inner.is_absolute() or ".." in inner.parts:
        raise StoredRunError(f"{folder / RUN}: part {name!r} lies outside the run folder: {place}")
    where = folder / inner
    for file in (HISTORY, EXPLORED):
        _refuse_cut_off(where / file)
    try:
        record = ExplorationRecord.from_object(read_object(where / RECORD))
    except MalformedRecordError as error:
        raise StoredRunError(f"{where / RECORD} is malformed: {error}") from error
    return StoredPart(
        name=name,
        place=str(inner),
        folder=where,
        is_instrument=role == "instrument",
        checker=_expected_checker(folder, name, stored.get("expected")),
        record=record,
    )


def _expected_checker(folder: Path, name: str, expected: Any) -> str | None:
    if expected is None or expected == Verdict.VALID:
        return None
    if isinstance(expected, dict) and expected.get("verdict") == Verdict.INVALID:
        checker = expected.get("checker")
        if isinstance(checker, str) and checker:
            return checker
    raise StoredRunError(
        f'{folder / RUN}: part {name!r} expects {expected!r}; write null, "VALID" or INVALID with a checker'
    )


def _not_run(folder: Path, stored: Any, *, deciding: bool = False) -> Iterator[tuple[str, str]]:
    for each in stored if isinstance(stored, list) else [stored]:
        name, why = (each.get(field) if isinstance(each, dict) else None for field in ("name", "why"))
        if not isinstance(name, str) or not isinstance(why, str):
            raise StoredRunError(f"{folder / RUN}: not_run must list objects with name and why, not {each!r}")
        if not deciding or each.get("decides") is True:
            yield name, why


def _refuse_cut_off(path: Path) -> None:
    try:
        with path.open("rb") as stored:
            size = stored.seek(0, 2)
            stored.seek(max(size - 1, 0))
            last = stored.read()
    except OSError as error:
        raise StoredRunError(f"cannot read {path}: {error.strerror}; every part of a run holds this file") from error
    if last not in {b"", b"\n"}:
        raise StoredRunError(f"{path} is cut off in its last line; the run was stopped while it was written")


def _judged(run: StoredRun, part: StoredPart) -> dict[str, Any]:
    """Judge one part; return the object of its verdict, with digests of what was judged."""
    try:
        index = ScheduleIndex(part.folder)
        reader = HistoryReader(part.folder, index)
        again = _drawn_again(part)
        judgement = judge_histories(part.record, reader, lambda finding: again or _replay_line(run, part, finding))
        record = hashlib.sha256((part.folder / RECORD).read_bytes()).hexdigest()
        judgement, section, digests = _with_section(part, judgement, HistoryReader(part.folder, index))
    except OSError as error:
        raise StoredRunError(f"cannot read the part {part.folder}: {error.strerror}") from error
    doubts = [*index.problems, *reader.doubts()]
    if index.schedules < part.record.schedules:
        doubts.append(f"the record counts {part.record.schedules} schedules, but {index.schedules} are stored")
    if run.kind == SINGLE and run.interrupted:
        doubts.append(INTERRUPTED)
    evidence = {HISTORY: reader.sha256, EXPLORED: index.sha256, RECORD: record}
    return {**_doubted(judgement, doubts).to_object(), **section, "evidence": {**evidence, **digests}}


def _with_section(
    part: StoredPart, judgement: Judgement, histories: HistoryReader
) -> tuple[Judgement, dict[str, Any], dict[str, str]]:
    """Return the judgement with what only its tier has, as a section of the verdict, and what that rests on."""
    place = {DURABILITY: CELLS, PROPERTIES: CLAIMS}.get(part.record.tier)
    if place is None:
        return judgement, {}, {}
    path = part.folder / place
    stored = read_object(path)
    try:
        if place == CLAIMS:
            judgement, section = judge_claims(judgement, read_drawn(stored))
        else:
            judgement, section = judge_lattice(
                judgement, read_cells(stored), {one.id: one.events for one in histories}
            )
    except MalformedRecordError as error:
        raise StoredRunError(f"{path} is malformed: {error}") from error
    return judgement, {part.record.tier: section}, {place: hashlib.sha256(path.read_bytes()).hexdigest()}


def _drawn_again(part: StoredPart) -> str:
    """Return the command that draws the claims of a part again; empty of a part that holds none."""
    return str(read_object(part.folder / CLAIMS).get("again", "")) if part.record.tier == PROPERTIES else ""


def _doubted(judgement: Judgement, doubts: Sequence[str]) -> Judgement:
    """Return the judgement with more reasons why something remains unknown; an INVALID stays one."""
    if not doubts:
        return judgement
    verdict = merge([judgement.verdict, Verdict.UNKNOWN])
    return replace(judgement, verdict=verdict, reasons=(*judgement.reasons, *doubts))


def _replay_line(run: StoredRun, part: StoredPart, finding: ListedFinding) -> str:
    if not finding.schedule or part.record.tier != EXPLORE:
        # A story has no schedule to replay: it is told again.
        return ""
    place = PurePosixPath(run.named) / part.place / schedule_file(mark_of(finding.to_object()))
    return f"stormproof replay {shlex.quote(str(place))}"


def _composed(run: StoredRun, judged: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the run's verdict: its one part's, or what the parts are together."""
    if run.kind == SINGLE:
        return {**judged[0], "kind": run.kind, "not_run": _listed(run)}
    pairs = list(zip(run.parts, judged, strict=True))
    subjects = [verdict for part, verdict in pairs if not part.is_instrument]
    rows = [instrument_row(verdict, checker=part.checker) for part, verdict in pairs if part.is_instrument]
    composed = compose(subjects, instrument=rows)
    if run.kind == SELFTEST and rows and not subjects:
        composed |= _self_tested(pairs, all(row.ok for row in rows))
    unshown = [f"{name} was not run: {why}" for name, why in run.unshown]
    if run.interrupted:
        unshown.insert(0, INTERRUPTED)
    if unshown:
        composed["reasons"] = [*unshown, *composed["reasons"]]
        composed["verdict"] = merge([Verdict(composed["verdict"]), Verdict.UNKNOWN]).value
    evidence = {part.place: dict(verdict["evidence"]) for part, verdict in pairs}
    return {**composed, "kind": run.kind, "not_run": _listed(run), "evidence": evidence}


def _self_tested(pairs: Sequence[tuple[StoredPart, Mapping[str, Any]]], is_seen: bool) -> dict[str, Any]:
    """Return what is said of a self-test, which has no subject: it shows whether the instrument sees, and no more."""
    matrix = kill_matrix([(verdict, part.checker) for part, verdict in pairs])
    said: dict[str, Any] = {"kill_matrix": matrix}
    if is_blind(matrix):
        said |= {"verdict": Verdict.INVALID.value}
    elif is_seen:
        said |= {"verdict": Verdict.VALID.value, "reasons": []}
    return said


def _listed(run: StoredRun) -> list[dict[str, str]]:
    return [{"name": name, "why": why} for name, why in run.not_run]
