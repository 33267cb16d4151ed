"""Searches for what a storm has violated among the enumerated schedules: the shortest one says more than any storm.

The same subject, the same kinds of fault, growing bounds. What is found is shrunk and can be replayed; where nothing
is found, the bound is named up to which there is nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.explorer.exploration import INTERRUPTED
from harness.explorer.hosting import choose_hosting, find_subject
from harness.explorer.plan import Plan, workloads_for
from harness.explorer.schedule import load_schedule
from harness.explorer.target import open_target
from harness.faults.registry import select
from harness.redis_server.choice import parse_choice
from reports.stored_history import mark_of
from reports.stored_run import judge_part
from stormproof.exploring import explore_into
from stormproof.finding_schedules import store_schedules
from stormproof.saying import count
from verify.history.words import Verdict
from verify.run_layout import DEMOTIONS, schedule_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from harness.recorder import RunFolder
    from harness.subjects.contract import Subject
    from stormproof.live import Live

KINDS_OF: Mapping[str, tuple[str, ...]] = {
    "worker_kill": ("crash_before", "crash_after"),
    "worker_pause": ("pause",),
    "latency": ("late_request", "advance"),
    "jitter": ("late_request", "advance"),
    "bandwidth": ("late_request", "advance"),
    "slicing": ("late_request", "advance"),
    "server_pause": ("late_request", "advance"),
    "reset": ("request_lost", "reply_lost"),
    "partition_workers": ("request_lost", "reply_lost", "late_request"),
    "server_kill": ("request_lost", "reply_lost"),
}
"""The explorer's kinds of what strikes in a storm. A lease ends in every schedule: that is how it delivers again."""

BUDGET_S = 60.0
"""Seconds that one bound is searched at most."""
BOUNDS = ((2, 1), (3, 1), (2, 2))
"""Workers and faults, the smallest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demotion:
    """What became of one violated promise.

    Attributes:
        checker: The checker that found it in the storm.
        searched: Each bound that was searched, in words.
        decisions: The words of the shortest schedule that shows it; empty where none was found.
        faults: The kinds of fault that strike in it.
        replay: The line that replays it.
    """

    checker: str
    searched: tuple[str, ...]
    decisions: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    replay: str = ""

    def to_object(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {
            "checker": self.checker,
            "searched": list(self.searched),
            "decisions": list(self.decisions),
            "faults": list(self.faults),
            "replay": self.replay,
        }


def kinds_of(faults: Iterable[str]) -> tuple[str, ...]:
    """Return the explorer's kinds of the real *faults*, each once."""
    return tuple(dict.fromkeys(kind for fault in faults for kind in KINDS_OF.get(fault, ())))


def broken(verdict: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the checkers that found a promise broken, from the object of a verdict."""
    return tuple(
        dict.fromkeys(
            finding["checker"]
            for finding in verdict["findings"]
            if finding["promised"] and not finding["outside"] and finding["verdict"] == Verdict.INVALID
        )
    )


def demote(
    run: RunFolder, folder: Path, checkers: Sequence[str], *, subject: Subject, faults: Iterable[str], live: Live
) -> list[Demotion]:
    """Search for each of *checkers*, leave each search as a part of the run and what came of it in *folder*.

    Args:
        run: The run folder; it gets a part for each bound that was searched.
        folder: The folder of the part that broke the promises.
        checkers: Which ones were broken.
        subject: Whose guard.
        faults: The kinds of real faults that struck.
        live: Where progress is shown.
    """
    search = _Search(run, subject, kinds_of(faults), live)
    found = [search.find(checker) for checker in checkers]
    stored = {"schema": 1, "demotions": [each.to_object() for each in found]}
    (folder / DEMOTIONS).write_text(json.dumps(stored, indent=2) + "\n", encoding="utf-8")
    return found


class _Search:
    """The bounds that were searched, so that none is searched twice for what it has not."""

    def __init__(self, run: RunFolder, subject: Subject, kinds: tuple[str, ...], live: Live) -> None:
        self._run = run
        self._live = live
        self._kinds = kinds
        self._hosting = choose_hosting(subject.name)
        self._subject = find_subject(subject.name, self._hosting, promise=str(subject.promise))
        self._choice = parse_choice("embedded", allow_target=[])
        self._done: list[tuple[str, Path, Mapping[str, Any]]] = []

    def find(self, checker: str) -> Demotion:
        """Search growing bounds until a schedule shows what *checker* found; what was searched before may show it."""
        for words, part, verdict in self._done:
            for shown in sorted(_shown(part, verdict, checker), key=_size)[:1]:
                return _demotion(checker, [words], shown)
        searched = []
        for workers, faults in dict.fromkeys((workers, faults if self._kinds else 0) for workers, faults in BOUNDS):
            name = f"demotion of {checker}, {workers} workers, {count(faults, 'fault')}"
            words, schedule = self._explore(name, checker, workers, faults)
            searched.append(words)
            if schedule is not None:
                return _demotion(checker, searched, schedule)
        return Demotion(checker=checker, searched=tuple(searched))

    def _explore(self, name: str, checker: str, workers: int, faults: int) -> tuple[str, _Found | None]:
        """Search one bound; return what was searched in words, and the shortest schedule that shows it."""
        plan = Plan(
            name=name,
            subject=self._subject,
            hosting=self._hosting,
            workers=workers,
            faults=faults,
            kinds=select(list(self._kinds)) if self._kinds else (),
            workloads=workloads_for(self._subject.promise),
            seed=self._run.seed,
            budget_s=BUDGET_S,
        )
        part = self._run.part(name)
        with open_target(self._choice) as target:
            record = explore_into(part, plan, target, self._live, until=checker).record
            if record.reason == INTERRUPTED:
                raise KeyboardInterrupt
            verdict = judge_part(self._run.path, name)
            store_schedules(part, verdict, plan, target, self._live)
        shown = sorted(_shown(part, verdict, checker), key=_size)
        of = f", faults of {', '.join(self._kinds)}" if faults else ""
        state = "" if record.exhausted or shown else f", not all of them: {record.reason}"
        words = f"{workers} workers, {count(faults, 'fault')}{of}: {count(record.schedules, 'schedule')}{state}"
        self._done.append((words, part, verdict))
        return words, (shown[0] if shown else None)


_Found = tuple[tuple[str, ...], tuple[str, ...], str]
"""Decisions, faults and replay line of a schedule."""


def _demotion(checker: str, searched: Sequence[str], found: _Found) -> Demotion:
    decisions, faults, replay = found
    return Demotion(checker=checker, searched=tuple(searched), decisions=decisions, faults=faults, replay=replay)


def _size(found: _Found) -> tuple[int, int, tuple[str, ...]]:
    """Return by what schedules are shortest: fewest faults, then fewest decisions."""
    return len(found[1]), len(found[0]), found[0]


def _shown(part: Path, verdict: Mapping[str, Any], checker: str) -> Iterator[_Found]:
    """Yield decisions, faults and replay line of every schedule of a part that shows what *checker* found."""
    for finding in verdict["findings"]:
        if finding["checker"] == checker and checker in broken({"findings": [finding]}):
            schedule = load_schedule(part / schedule_file(mark_of(finding)))
            words = (f"{schedule.workload}:", *schedule.decisions)
            yield words, schedule.faults, finding["replay"]
