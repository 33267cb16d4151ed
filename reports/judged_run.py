"""A judged run as every renderer reads it: the stored verdicts, and the words in which they are told.

It repeats what was decided and decides nothing itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reports.stored_run import SELFTEST, SINGLE, StoredPart, StoredRun, StoredRunError, load_run, read_object
from verify.history.judge import EXPLORE
from verify.history.words import Verdict
from verify.redaction import redacted
from verify.run_layout import ENVIRONMENT, PROPERTIES, SCENARIOS, STORM, STORM_FIGURES, VERDICT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

OUTSIDE = "outside the promise"


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingGroup:
    """What one checker says of a part: its smallest schedule, and where else it is seen.

    Attributes:
        checker: Name of the checker.
        verdict: INVALID or UNKNOWN.
        decides: It is promised and inside the promise.
        standing: ``promised``, ``outside the promise`` or ``not promised``.
        smallest: The finding of the smallest schedule, as in ``verdict.json``.
        members: The simplest finding of each way that leads to it: those that need their faults.
        also_under: The fault kinds of the other members; ``no fault`` for none.
        findings: How many findings there are, with those under faults that change nothing.
        schedules: Schedules that show it.
    """

    checker: str
    verdict: Verdict
    decides: bool
    standing: str
    smallest: Mapping[str, Any]
    members: tuple[Mapping[str, Any], ...]
    also_under: tuple[str, ...]
    findings: int
    schedules: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedPart:
    """One part and its verdict.

    Attributes:
        stored: The part as it was stored.
        object: The object of its ``verdict.json``.
        row: Its row among the checks of the instrument; None for a subject.
    """

    stored: StoredPart
    object: Mapping[str, Any]
    row: Mapping[str, Any] | None

    @property
    def verdict(self) -> Verdict:
        """What the part is in the run: its own verdict, or whether the instrument saw what it should."""
        if self.row is None:
            return Verdict(self.object["verdict"])
        return Verdict.VALID if self.row["ok"] else Verdict.UNKNOWN

    @property
    def is_as_expected(self) -> bool:
        """Whether it is a check of the instrument that saw what it had to: then there is nothing more to tell."""
        return self.row is not None and bool(self.row["ok"])

    @property
    def is_story(self) -> bool:
        """Whether it was written down what strikes where, so that its notes say what was seen of it."""
        return bool(self.object["tier"] == SCENARIOS)

    @property
    def is_storm(self) -> bool:
        """Whether it is one storm, whose histories are pieces of one."""
        return bool(self.object["tier"] == STORM)

    @property
    def amount(self) -> str:
        """How much was run: schedules, or the calls of a storm."""
        if self.is_storm:
            calls = int(read_object(self.stored.folder / STORM_FIGURES)["operations"])
            return f"{calls:,} call{'' if calls == 1 else 's'}"
        return counted(self.object["schedules"], "schedule")

    @property
    def shows_coverage(self) -> bool:
        """Whether it is of interest how much of what could be struck was."""
        is_drawn = self.object["tier"] == PROPERTIES
        return self.row is None and not self.is_story and not self.is_storm and not is_drawn

    @property
    def said(self) -> str:
        """What was decided, in the fewest words."""
        if self.row is None:
            return str(self.object["verdict"])
        return f"{self.row['seen']} ({'as it must be' if self.row['ok'] else 'expected ' + self.row['expected']})"

    @property
    def groups(self) -> list[FindingGroup]:
        """Its findings, deciding ones first; none for a check of the instrument that saw what it had to."""
        return [] if self.is_as_expected else group_findings(self.object["findings"])

    @property
    def bound(self) -> str:
        """Its bound in the fewest words."""
        bound = self.object["bound"]
        kinds = f" of {counted(len(bound['kinds']), 'kind')}" if bound["kinds"] else ""
        faults = "no fault" if not bound["faults"] else f"up to {counted(bound['faults'], 'fault')}{kinds}"
        return f"{counted(bound['workers'], 'worker')}, {faults}"

    @property
    def server(self) -> str:
        """Name and version of the Redis server."""
        server = self.object["server"]
        return f"{server['name']} {server['version']}".strip() or "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedRun:
    """A run and its verdicts.

    Attributes:
        run: The run as it was stored.
        object: The object of its ``verdict.json``.
        parts: Its parts in order.
        environment: The object of ``environment.json``; empty where there is none.
    """

    run: StoredRun
    object: Mapping[str, Any]
    parts: tuple[JudgedPart, ...]
    environment: Mapping[str, Any]

    @property
    def verdict(self) -> Verdict:
        """The verdict of the run."""
        return Verdict(self.object["verdict"])

    @property
    def unexplained(self) -> str:
        """Why the run is not VALID although each of its parts is; empty where a part explains it."""
        if self.verdict is Verdict.VALID or any(part.verdict is not Verdict.VALID for part in self.parts):
            return ""
        return "; ".join(self.object["reasons"]) or "no reason was recorded"


def load_judged(folder: Path | str) -> JudgedRun:
    """Return the run stored in *folder* with its verdicts.

    Raises:
        StoredRunError: As :func:`reports.stored_run.load_run`, or the run was not judged yet.
    """
    run = load_run(folder)
    if not (run.folder / VERDICT).is_file():
        raise StoredRunError(f"{run.folder} was not judged yet; run: stormproof judge {run.folder}")
    composed = read_object(run.folder / VERDICT)
    rows = iter(composed.get("instrument", ()))
    parts = tuple(
        JudgedPart(
            stored=part,
            object=composed if run.kind == SINGLE else read_object(part.folder / VERDICT),
            row=next(rows, None) if part.is_instrument and run.kind != SINGLE else None,
        )
        for part in run.parts
    )
    has_environment = (run.folder / ENVIRONMENT).is_file()
    environment = read_object(run.folder / ENVIRONMENT) if has_environment else {}
    return JudgedRun(run=run, object=composed, parts=parts, environment=environment)


def group_findings(findings: Sequence[Mapping[str, Any]]) -> list[FindingGroup]:
    """Return the findings of one part by checker: deciding ones first, INVALID before UNKNOWN, the smallest first."""
    grouped: dict[tuple[int, bool, str], list[Mapping[str, Any]]] = {}
    for finding in findings:
        rank = 2 if not finding["promised"] else int(bool(finding["outside"]))
        grouped.setdefault((rank, finding["verdict"] != Verdict.INVALID, finding["checker"]), []).append(finding)
    groups = []
    for (rank, _, checker), members in grouped.items():
        members.sort(key=_size)
        needed = {faults_in_words(each): each for each in reversed(members) if each["needs_faults"]}
        needed.pop(faults_in_words(members[0]), None)
        others = tuple(reversed(needed.values()))
        group = FindingGroup(
            checker=checker,
            verdict=Verdict(members[0]["verdict"]),
            decides=rank == 0,
            standing=("promised", OUTSIDE, "not promised")[rank],
            smallest=members[0],
            members=(members[0], *others),
            also_under=tuple(faults_in_words(each) for each in others),
            findings=len(members),
            schedules=sum(each["schedules"] for each in members),
        )
        groups.append(((rank, group.verdict is not Verdict.INVALID, _size(members[0]), checker), group))
    return [group for _, group in sorted(groups, key=lambda pair: pair[0])]


def headline(judged: JudgedRun) -> str:
    """Return the verdict of a run in one sentence of plain words."""
    subjects = [part for part in judged.parts if part.row is None]
    if judged.run.kind == SELFTEST and judged.verdict is not Verdict.UNKNOWN:
        return _selftest_headline(judged)
    if judged.verdict is Verdict.INVALID:
        broken = [part for part in subjects if part.verdict is Verdict.INVALID]
        said = "; ".join(dict.fromkeys(f"{part.object['subject']} broke {_broken(part)}" for part in broken))
        return f"Violated: {said}."
    if judged.verdict is Verdict.UNKNOWN:
        reasons = judged.object["reasons"] or ["no reason was recorded"]
        more = f" (and {counted(len(reasons) - 1, 'more reason')})" if len(reasons) > 1 else ""
        return f"Not shown: {reasons[0]}{more}."
    schedules = sum(part.object["schedules"] for part in subjects)
    if all(part.object["tier"] == "explore" for part in subjects):
        return f"Held: every schedule within the bound kept {_kept(subjects)} ({counted(schedules, 'schedule')})."
    if all(part.is_storm for part in subjects):
        return f"Held: the storm kept {_kept(subjects)} ({', '.join(part.amount for part in subjects)})."
    of = f"{counted(len(subjects), 'part')}, {counted(schedules, 'schedule')}"
    return f"Held: every part kept {_kept(subjects)} ({of})."


def _selftest_headline(judged: JudgedRun) -> str:
    if judged.verdict is Verdict.INVALID:
        matrix = judged.object["kill_matrix"]
        missed = counted(len(matrix["missed"]), "planted guard was missed", "planted guards were missed")
        return f"The instrument is blind: {missed}, {counted(len(matrix['false_alarms']), 'false alarm')}."
    if any(part.object["tier"] != EXPLORE for part in judged.parts):
        return f"The instrument sees: {counted(len(judged.parts), 'check')} of all tiers."
    return f"The instrument sees: {counted(len(judged.parts), 'planted guard or twin', 'planted guards and twins')}."


def part_headline(part: JudgedPart) -> str:
    """Return the verdict of one part in one sentence of plain words."""
    if part.row is not None:
        return f"{'Seen' if part.row['ok'] else 'The instrument is blind'}: {part.said}."
    if part.verdict is Verdict.VALID:
        return f"Held: {part.amount} within the bound kept {_kept([part])}."
    if part.verdict is Verdict.INVALID:
        return f"Violated: {_broken(part)}."
    return f"Not shown: {'; '.join(part.object['reasons']) or 'no reason was recorded'}."


def plain(text: str) -> str:
    """Return *text* without secrets, and without characters that XML or a terminal would choke on.

    Each of those becomes a question mark.
    """
    text = redacted(text)
    return text if text.isprintable() else "".join(char if char.isprintable() else "?" for char in text)


def faults_in_words(finding: Mapping[str, Any]) -> str:
    """Return the faults of a finding's schedule."""
    return " + ".join(finding["faults"]) or "no fault"


def _size(finding: Mapping[str, Any]) -> tuple[int, int, int, str]:
    schedule = finding["schedule"]
    return len(finding["faults"]), len(schedule.split()), len(schedule), schedule


def _kept(parts: Iterable[JudgedPart]) -> str:
    """Return what was kept: nobody may read that a fault outside the promise broke nothing where it did."""
    is_broken_outside = any(group.standing == OUTSIDE for part in parts for group in part.groups)
    return "what the promise covers" if is_broken_outside else "the promise"


def _broken(part: JudgedPart) -> str:
    groups = [group for group in part.groups if group.decides and group.verdict is Verdict.INVALID]
    return ", ".join(group.checker for group in groups) or str(part.object["promise"])


def counted(number: int, one: str, many: str = "") -> str:
    """Return *number* with its noun."""
    return f"{number} {one if number == 1 else many or one + 's'}"
