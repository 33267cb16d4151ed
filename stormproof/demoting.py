"""Searches for what a storm, a story or a trial has violated among the enumerated schedules.

The shortest schedule says more than any storm.

The same subject, the same kinds of fault, growing bounds. What is found is shrunk and can be replayed; where nothing
is found, the bound is named up to which there is nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import CouldNotRunError
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
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from harness.explorer.hosting import Hosting
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
KINDS_IN_STORIES: Mapping[str, tuple[str, ...]] = {
    "clock_jump": ("advance",),
    "eviction": ("evict",),
    "key_deleted": ("evict",),
    "flushall": ("evict",),
    "half_open": ("request_lost", "reply_lost"),
    "command_reply_lost": ("reply_lost",),
    "replies_lost": ("reply_lost",),
    "noscript": ("error_reply:NOSCRIPT",),
    "script_flush": ("error_reply:NOSCRIPT",),
    "oom": ("error_reply:OOM",),
    "aof_tail_cut": ("restart_losing",),
    "replica_promotion": ("failover_losing",),
    "venue_failing": ("effect_lost", "effect_reply_lost", "effect_rejected"),
}
"""Those of what strikes in stories besides."""

BUDGET_S = 60.0
"""Seconds that one bound is searched at most."""
_LEAST_S = 1e-3
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
    known = {**KINDS_OF, **KINDS_IN_STORIES}
    return tuple(dict.fromkeys(kind for fault in faults for kind in known.get(fault, ())))


def drawn_kinds(verdict: Mapping[str, Any], checker: str) -> tuple[str, ...] | None:
    """Return the kinds of fault in the trial with the fewest that *checker* found; None where no history shows it."""
    shown = [
        finding["faults"]
        for finding in verdict["findings"]
        if finding["checker"] == checker and finding["schedule"] and checker in broken({"findings": [finding]})
    ]
    fewest = min(shown, key=len, default=None)
    return None if fewest is None else tuple(dict.fromkeys(fault.partition("(")[0] for fault in fewest))


def broken(verdict: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the checkers that found a promise broken, from the object of a verdict."""
    return tuple(
        dict.fromkeys(
            finding["checker"]
            for finding in verdict["findings"]
            if finding["promised"] and not finding["outside"] and finding["verdict"] == Verdict.INVALID
        )
    )


class Demoter:
    """Searches for what the parts of a run have broken; what was searched for one part holds for the next."""

    def __init__(self, run: RunFolder, live: Live, left_s: Callable[[], float | None] = lambda: None) -> None:
        """Describe searches.

        Args:
            run: The run folder; it gets a part for each bound that is searched.
            live: Where progress is shown.
            left_s: Says how many seconds are left of the run's budget; None: it has none.
        """
        self._run = run
        self._live = live
        self._left_s = left_s
        self._searches: dict[tuple[str, str, tuple[str, ...]], _Search] = {}

    def demote(
        self, folder: Path, sought: Mapping[str, tuple[str, ...]], subject: Subject, hosting: Hosting | None = None
    ) -> list[Demotion]:
        """Search for what each checker found, and leave what came of it in *folder*.

        Args:
            folder: The folder of the part that broke the promises.
            sought: The checkers that found them, each with the explorer's kinds of what struck.
            subject: Whose guard.
            hosting: How its processes are held; None: as is best for it.
        """
        found = [self._sought(checker, kinds, subject, hosting) for checker, kinds in sought.items()]
        stored = {"schema": 1, "demotions": [each.to_object() for each in found]}
        (folder / DEMOTIONS).write_text(json.dumps(stored, indent=2) + "\n", encoding="utf-8")
        return found

    def _sought(self, checker: str, kinds: tuple[str, ...], subject: Subject, hosting: Hosting | None) -> Demotion:
        try:
            return self._search(subject, kinds, hosting).find(checker)
        except CouldNotRunError as error:
            # What the part has found holds without it.
            return Demotion(checker=checker, searched=(f"nothing, since {error}",))

    def _search(self, subject: Subject, kinds: tuple[str, ...], hosting: Hosting | None) -> _Search:
        key = (subject.name, str(subject.promise), kinds)
        if key not in self._searches:
            chosen = hosting or choose_hosting(subject.name)
            self._searches[key] = _Search(
                self._run, subject, kinds, hosting=chosen, live=self._live, left_s=self._left_s
            )
        return self._searches[key]


class _Search:
    """The bounds that were searched, so that none is searched twice for what it has not."""

    def __init__(
        self,
        run: RunFolder,
        subject: Subject,
        kinds: tuple[str, ...],
        *,
        hosting: Hosting,
        live: Live,
        left_s: Callable[[], float | None],
    ) -> None:
        self._run = run
        self._left_s = left_s
        self._live = live
        self._kinds = kinds
        self._hosting = hosting
        self._subject = find_subject(subject.name, self._hosting, promise=str(subject.promise))
        self._choice = parse_choice("embedded", allow_target=[])
        self._done: list[tuple[str, Path, Mapping[str, Any]]] = []
        self._ended: dict[str, Demotion] = {}

    def find(self, checker: str) -> Demotion:
        """Search growing bounds until a schedule shows what *checker* found; what was searched before may show it."""
        if checker not in self._ended:
            self._ended[checker] = self._sought(checker)
        return self._ended[checker]

    def _sought(self, checker: str) -> Demotion:
        for words, part, verdict in self._done:
            for shown in sorted(_shown(part, verdict, checker), key=_size)[:1]:
                return _demotion(checker, [words], shown)
        searched = []
        for workers, faults in dict.fromkeys((workers, faults if self._kinds else 0) for workers, faults in BOUNDS):
            name = self._fresh(f"demotion of {checker}, {workers} workers, {count(faults, 'fault')}")
            words, schedule = self._explore(name, checker, workers, faults)
            searched.append(words)
            if schedule is not None:
                return _demotion(checker, searched, schedule)
        return Demotion(checker=checker, searched=tuple(searched))

    def _fresh(self, name: str) -> str:
        """Return a name that no part of the run has."""
        taken = {part["name"] for part in self._run.parts}
        others = (f"{name} ({number})" for number in range(2, len(taken) + 3))
        return next(each for each in (name, *others) if each not in taken)

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
        left_s = self._left_s()
        plan = plan if left_s is None else plan.within(max(left_s, _LEAST_S))
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
