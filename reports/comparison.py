"""Guards side by side: what each one's authors promise, and what happened under each class of faults.

It repeats what was decided of each guard and decides nothing itself. Nobody is ranked.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from reports.judged_run import OUTSIDE, faults_in_words, group_findings, load_judged
from reports.stored_run import StoredRunError, read_object
from verify.history.words import Verdict
from verify.run_layout import COMPARED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reports.judged_run import FindingGroup, JudgedPart, JudgedRun


class Seen(StrEnum):
    """What happened to a guard under a class of faults. What each word means stands in :data:`MEANINGS`."""

    BROKEN = "broken"
    UNKNOWN = "unknown"
    DOCUMENTED = "documented"
    BESIDE = "beside"
    HELD = "held"
    SO_FAR = "held so far"
    NOWHERE = "no step"
    NOT_RUN = "not run"


MEANINGS: Mapping[Seen, str] = {
    Seen.BROKEN: "something that it promises was broken",
    Seen.DOCUMENTED: "something that it promises was broken, where its authors' words leave it out of the promise",
    Seen.BESIDE: "what it promises held; something that it does not promise was seen not to hold",
    Seen.HELD: "every checker held in every schedule of the bound",
    Seen.SO_FAR: "every checker held in the schedules that were run; not all of the bound were",
    Seen.UNKNOWN: "a checker of what it promises cannot tell",
    Seen.NOWHERE: "it takes no step that these faults strike, or its promise has no such workload",
    Seen.NOT_RUN: "these faults were not asked for, were not reached, or cannot be made here",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultClass:
    """A class of faults.

    Attributes:
        name: Its name, as the head of a column.
        what: What goes wrong.
        families: The families of fault kinds that belong to it.
        workload: The workload that it is, where nothing but the callers goes wrong.
    """

    name: str
    what: str
    families: tuple[str, ...] = ()
    workload: str = ""


CLASSES = (
    FaultClass(name="no fault", what="nothing: two workers are given the same job, and a queue delivers it again"),
    FaultClass(name="other payload", what="a caller uses the key with another payload", workload="conflict"),
    FaultClass(name="similar key", what="a caller uses a key that looks alike", workload="neighbours"),
    FaultClass(name="lost request", what="a command never arrives", families=("request_lost",)),
    FaultClass(name="lost reply", what="a command is applied, its reply is lost", families=("reply_lost",)),
    FaultClass(
        name="late request", what="a command is applied after its client has given up", families=("late_request",)
    ),
    FaultClass(name="error reply", what="Redis refuses a command", families=("error_reply",)),
    FaultClass(
        name="crash", what="the process dies before or after a step", families=("crash_before", "crash_after")
    ),
    FaultClass(
        name="effect in doubt",
        what="the effect's caller is not told: it was done, was not, or is done later",
        families=("effect_lost", "effect_reply_lost", "effect_late"),
    ),
    FaultClass(name="effect refused", what="the venue refuses definitely", families=("effect_rejected",)),
    FaultClass(
        name="lease ends", what="the process stops, or the lease runs out under it", families=("pause", "advance")
    ),
    FaultClass(
        name="lost data",
        what="a key is evicted; Redis restarts or fails over and forgets its last writes",
        families=("evict", "restart_losing", "failover_losing"),
    ),
)
"""Every family of fault kinds is in exactly one."""

_OF_CALLERS = frozenset(each.workload for each in CLASSES if each.workload)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What happened to one guard under one class of faults.

    Attributes:
        fault_class: The class.
        seen: What happened.
        groups: What was found, by checker: what decides first, then the smallest schedule first.
        why: Why it was not run; else empty.
    """

    fault_class: FaultClass
    seen: Seen
    groups: tuple[FindingGroup, ...] = ()
    why: str = ""

    def to_object(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {
            "class": self.fault_class.name,
            "seen": self.seen.value,
            "why": self.why,
            "findings": [
                {
                    "checker": group.checker,
                    "standing": group.standing,
                    "outside": group.smallest["outside"],
                    "under": faults_in_words(group.smallest),
                    "also_under": list(group.also_under),
                    "sentence": group.smallest["sentence"],
                    "schedule": group.smallest["schedule"],
                    "replay": group.smallest["replay"],
                }
                for group in self.groups
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """One guard of a comparison.

    Attributes:
        part: What was explored of it.
        said: What its authors say, and which version it is (:data:`verify.run_layout.COMPARED`).
        cells: What happened, in the order of :data:`CLASSES`.
    """

    part: JudgedPart
    said: Mapping[str, str]
    cells: tuple[Cell, ...]

    @property
    def name(self) -> str:
        """Its name, as in ``--subjects``."""
        return str(self.part.object["subject"])

    def to_object(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        judged = self.part.object
        return {
            "subject": self.name,
            **self.said,
            "promise": judged["promise"],
            "verdict": judged["verdict"],
            "bound": self.part.bound,
            "schedules": judged["schedules"],
            "exhausted": judged["exhausted"],
            "reasons": list(judged["reasons"]),
            "cells": [cell.to_object() for cell in self.cells],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Guards side by side.

    Attributes:
        judged: The run.
        guards: The guards, in the order in which they were asked for.
    """

    judged: JudgedRun
    guards: tuple[Guard, ...]

    @property
    def date(self) -> str:
        """The day on which it was run, as YYYY-MM-DD; empty where no one wrote it down."""
        return str(self.judged.environment.get("started", ""))[:10]

    @property
    def seed(self) -> int:
        """The seed of the run."""
        return int(self.judged.environment.get("seed", 0))

    def to_object(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        servers = {guard.part.server for guard in self.guards}
        return {
            "schema": 1,
            "verdict": self.judged.object["verdict"],
            "reasons": list(self.judged.object["reasons"]),
            "date": self.date,
            "seed": self.seed,
            "servers": sorted(servers),
            "not_run": list(self.judged.object["not_run"]),
            "subjects": [guard.to_object() for guard in self.guards],
        }


def load_comparison(folder: Path | str) -> Comparison:
    """Return the comparison that is stored in *folder*.

    Raises:
        StoredRunError: The folder is no run folder, was not judged yet, or holds no comparison.
    """
    return comparison_of(load_judged(folder))


def comparison_of(judged: JudgedRun) -> Comparison:
    """Return the comparison that a run is.

    Raises:
        StoredRunError: It is none.
    """
    said = read_object(judged.run.folder / COMPARED).get("subjects")
    if not isinstance(said, dict) or any(part.stored.name not in said for part in judged.parts):
        raise StoredRunError(f"{judged.run.folder / COMPARED} must say of each part what its authors say")
    guards = tuple(
        Guard(
            part=part, said=said[part.stored.name], cells=tuple(_cell(part, fault_class) for fault_class in CLASSES)
        )
        for part in judged.parts
    )
    return Comparison(judged=judged, guards=guards)


def _cell(part: JudgedPart, fault_class: FaultClass) -> Cell:
    groups = tuple(group_findings([each for each in part.object["findings"] if _belongs(each, fault_class)]))
    if groups:
        return Cell(fault_class=fault_class, seen=_seen(groups), groups=groups)
    if why := _why_not(part, fault_class):
        is_struck_nowhere = fault_class.workload or (_is_asked_for(part, fault_class) and part.object["exhausted"])
        return Cell(fault_class=fault_class, seen=Seen.NOWHERE if is_struck_nowhere else Seen.NOT_RUN, why=why)
    return Cell(fault_class=fault_class, seen=Seen.HELD if _is_whole(part) else Seen.SO_FAR)


def _is_whole(part: JudgedPart) -> bool:
    """Say whether all was run that could be made here. A kind that cannot be says nothing against the others."""
    record = part.stored.record
    is_cut = not record.exhausted or record.step_limited or record.nondeterministic
    return not is_cut and (bool(record.unavailable) or not part.object["reasons"])


def _belongs(finding: Mapping[str, Any], fault_class: FaultClass) -> bool:
    """Say whether the faults of a class, or its caller, led to a finding: without them it is not there."""
    if fault_class.families:
        struck = {fault.partition(":")[0] for fault in finding["faults"]}
        return bool(finding["needs_faults"]) and not struck.isdisjoint(fault_class.families)
    workload = finding["schedule"].partition(":")[0]
    return not finding["faults"] and (workload if workload in _OF_CALLERS else "") == fault_class.workload


def _seen(groups: tuple[FindingGroup, ...]) -> Seen:
    deciding = [group for group in groups if group.decides]
    if any(group.verdict is Verdict.INVALID for group in deciding):
        return Seen.BROKEN
    if deciding:
        return Seen.UNKNOWN
    return Seen.DOCUMENTED if any(group.standing == OUTSIDE for group in groups) else Seen.BESIDE


def _why_not(part: JudgedPart, fault_class: FaultClass) -> str:
    """Return why nothing can be said of a class; empty where it was run."""
    if fault_class.workload:
        is_run = fault_class.workload in part.object["bound"]["workloads"]
        return "" if is_run else f"a {part.object['promise']} has no such workload"
    if not fault_class.families:
        return "" if part.object["schedules"] else "no schedule was run"
    if any(sum(places.values()) for places in _of_class(part.object["hits"], fault_class).values()):
        return ""
    unavailable = dict.fromkeys(_of_class(part.stored.record.unavailable, fault_class).values())
    if unavailable:
        return "; ".join(unavailable)
    if not _is_asked_for(part, fault_class):
        return "not asked for"
    return "it takes no step that they strike" if part.object["exhausted"] else "the exploration ended before them"


def _is_asked_for(part: JudgedPart, fault_class: FaultClass) -> bool:
    """Say whether the class was asked for, and could be made."""
    kinds = _of_class(dict.fromkeys(part.object["bound"]["kinds"]), fault_class)
    return bool(kinds.keys() - part.stored.record.unavailable.keys())


def _of_class(by_kind: Mapping[str, Any], fault_class: FaultClass) -> dict[str, Any]:
    return {kind: each for kind, each in by_kind.items() if kind.partition(":")[0] in fault_class.families}
