"""Several stored runs side by side: how verdicts, schedules and rates went, and what differs between two of them.

It reads verdicts that were written and decides nothing, but for one thing: a part that was run twice under the same
circumstances and has two verdicts is flaky, which a verdict must never be.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reports.judged_run import faults_in_words, load_judged
from reports.stored_run import StoredRunError
from reports.times import span_of
from verify.history.words import Verdict
from verify.run_layout import RUN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from reports.judged_run import JudgedPart, JudgedRun


@dataclass(frozen=True, slots=True, kw_only=True)
class PartSeen:
    """One part of one run.

    Attributes:
        name: Its name.
        verdict: What it is in its run.
        schedules: Schedules that were run.
        classes: Distinct histories.
        hit: Strikes that were seen, of those that were possible.
        possible: The latter.
        findings: What decides, each in the words that name it.
        circumstances: What it was run with, as one text; empty where nobody knows, or it was ended early.
    """

    name: str
    verdict: Verdict
    schedules: int
    classes: int
    hit: int
    possible: int
    findings: frozenset[str]
    circumstances: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSeen:
    """One run of a folder of runs.

    Attributes:
        name: Its folder.
        kind: ``explore``, ``campaign`` or ``selftest``.
        started: When, ISO 8601; empty where nobody wrote it down.
        seconds: How long it took; None where nobody wrote it down.
        verdict: Its verdict.
        parts: Its parts, by name.
    """

    name: str
    kind: str
    started: str
    seconds: float | None
    verdict: Verdict
    parts: Mapping[str, PartSeen]

    @property
    def schedules(self) -> int:
        """Schedules of all its parts."""
        return sum(part.schedules for part in self.parts.values())

    @property
    def findings(self) -> int:
        """Findings that decide."""
        return sum(len(part.findings) for part in self.parts.values())

    @property
    def rate(self) -> float | None:
        """Schedules in a second of the whole run; None where nobody knows."""
        return self.schedules / self.seconds if self.seconds else None

    def to_object(self) -> dict[str, Any]:
        """Return the run as a JSON object."""
        return {
            "run": self.name,
            "kind": self.kind,
            "started": self.started,
            "seconds": self.seconds,
            "verdict": self.verdict.value,
            "schedules": self.schedules,
            "schedules_per_s": self.rate,
            "findings": self.findings,
            "parts": {name: part.verdict.value for name, part in self.parts.items()},
        }


@dataclass(frozen=True, slots=True)
class Flaky:
    """A part with two verdicts under the same circumstances.

    Attributes:
        part: Its name.
        seen: Run and verdict, in the order of the runs.
    """

    part: str
    seen: tuple[tuple[str, Verdict], ...]

    @property
    def said(self) -> str:
        """It, in a sentence."""
        verdicts = ", ".join(f"{verdict.value} in {run}" for run, verdict in self.seen)
        return f"{self.part} is flaky: under the same circumstances it was {verdicts}"


def runs_in(folder: Path) -> tuple[list[RunSeen], list[str]]:
    """Return the judged runs in *folder*, the oldest first, and a sentence for each that cannot be read.

    Raises:
        StoredRunError: There is no such folder, or no run in it.
    """
    if not folder.is_dir():
        raise StoredRunError(f"there is no folder {folder}; expected one that holds run folders")
    runs, unread = [], []
    for path in sorted(place.parent for place in folder.glob(f"*/{RUN}")):
        try:
            runs.append(seen(load_judged(path), path.name))
        except StoredRunError as error:
            unread.append(str(error))
    if not runs and not unread:
        raise StoredRunError(f"{folder} holds no run folder; expected folders that stormproof wrote")
    return sorted(runs, key=lambda run: (run.started, run.name)), unread


def run_at(path: Path) -> RunSeen:
    """Return the one run in the run folder *path*.

    Raises:
        StoredRunError: It is none, or was not judged.
    """
    return seen(load_judged(path), path.name)


def seen(judged: JudgedRun, name: str) -> RunSeen:
    """Return a judged run as it stands beside others."""
    span = span_of(judged.environment)
    return RunSeen(
        name=name,
        kind=judged.run.kind,
        started=str(judged.environment.get("started", "")),
        seconds=None if span is None else span.seconds,
        verdict=judged.verdict,
        parts={part.stored.name: _part(part, judged.environment) for part in judged.parts},
    )


def flaky(runs: Sequence[RunSeen]) -> Iterator[Flaky]:
    """Yield every part that has two verdicts under the same circumstances."""
    alike: dict[tuple[str, str], list[tuple[str, Verdict]]] = defaultdict(list)
    for run in runs:
        for part in run.parts.values():
            if part.circumstances:
                alike[part.name, part.circumstances].append((run.name, part.verdict))
    for (name, _), verdicts in alike.items():
        if len({verdict for _, verdict in verdicts}) > 1:
            yield Flaky(name, tuple(verdicts))


def is_worse(old: RunSeen, new: RunSeen) -> bool:
    """Say whether a part that held before does not hold any more, or is gone."""
    held = [name for name, part in old.parts.items() if part.verdict is Verdict.VALID]
    return any(name not in new.parts or new.parts[name].verdict is not Verdict.VALID for name in held)


def differences(old: RunSeen, new: RunSeen) -> Iterator[str]:
    """Yield what differs between two runs, in sentences: first what was decided, then how much was run."""
    if old.verdict is not new.verdict:
        yield f"the run was {old.verdict.value} and is {new.verdict.value}"
    yield from (f"{name} is not there any more" for name in old.parts if name not in new.parts)
    yield from (f"{name} is new: {part.verdict.value}" for name, part in new.parts.items() if name not in old.parts)
    both = [(part, new.parts[name]) for name, part in old.parts.items() if name in new.parts]
    for was, now in both:
        if was.verdict is not now.verdict:
            yield f"{was.name} was {was.verdict.value} and is {now.verdict.value}"
        yield from (f"{was.name}: new finding: {finding}" for finding in sorted(now.findings - was.findings))
        yield from (f"{was.name}: gone: {finding}" for finding in sorted(was.findings - now.findings))
    for was, now in both:
        for what, before, after in (
            ("schedules", was.schedules, now.schedules),
            ("distinct histories", was.classes, now.classes),
            ("strikes seen", was.hit, now.hit),
            ("possible strikes", was.possible, now.possible),
        ):
            if before != after:
                yield f"{was.name}: {what} {before:,} -> {after:,}"


def _part(part: JudgedPart, environment: Mapping[str, Any]) -> PartSeen:
    coverage = part.object["coverage"]
    findings = frozenset(
        f"{group.checker} under {faults_in_words(finding)}"
        for group in part.groups
        if group.decides
        for finding in group.members
    )
    return PartSeen(
        name=part.stored.name,
        verdict=part.verdict,
        schedules=part.object["schedules"],
        classes=part.object["classes"],
        hit=coverage["hit"],
        possible=coverage["possible"],
        findings=findings,
        circumstances=_circumstances(part, environment),
    )


def _circumstances(part: JudgedPart, environment: Mapping[str, Any]) -> str:
    """Return what decides how a part comes out; empty where the code is not known or the part was ended early."""
    record = part.stored.record
    code, git = environment.get("code"), environment.get("git") or {}
    known = code or (git.get("commit") if git.get("dirty") is False else None)
    came_to_its_end = record.exhausted or record.nondeterministic or part.verdict is Verdict.INVALID
    if not known or not came_to_its_end:
        return ""
    return json.dumps(
        [
            known,
            environment.get("packages"),
            environment.get("python"),
            [part.object[name] for name in ("subject", "promise", "bound", "server")],
        ],
        sort_keys=True,
    )
