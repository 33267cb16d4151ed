"""A job's run: what a guard answers when one is asked for, and the runs that are open in this process.

Values, and a table of them. Nothing here talks to a store.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, final

from safety_core.job_safety.errors import NoRunError

if TYPE_CHECKING:
    from safety_core.idempotency.answers import Claim, GuardResult
    from safety_core.idempotency.intent import Intent

_MAX_OPEN = 10_000


class RunDecision(StrEnum):
    """The four answers to "may this job run?"."""

    RUN = "run"
    """It is yours: run it, and say how it ended."""
    IN_PROGRESS = "in progress"
    """Another run's lease still runs."""
    DONE = "done"
    """It ran, and its result is at hand if it was stored."""
    UNKNOWN = "unknown"
    """It may have done its effects: reconcile before it runs again."""


@final
@dataclass(slots=True, eq=False)
class Run:
    """One run of one job, under a token of its own: two runs of the same job are never taken for each other.

    Attributes:
        job_id: Which job.
        idempotency_key: The key of its runs.
        claim: What the run holds; its `client_order_id` and `valid_until_ms` belong into requests that it sends
            without a guard of their own.
        resumable: Whether it may run again after any failure, because each of its effects has a guard of its own.
        bypassed: Why it runs unguarded, or None.
    """

    job_id: str
    idempotency_key: str
    claim: Claim
    resumable: bool
    bypassed: str | None
    intent: Intent = field(repr=False)


@final
@dataclass(slots=True, eq=False)
class RunAnswer:
    """The answer of `begin`.

    Attributes:
        decision: One of four.
        run: RUN only: the run, to be ended by `done`, `not_done`, `unknown` or `failed`.
        result: DONE only: what the run returned, or None where that was not stored.
        remaining_ms: IN_PROGRESS only: milliseconds that the other lease still runs.
        answer: What the engine said; None for RUN.
        reason: One phrase for people and logs.
    """

    decision: RunDecision
    run: Run | None = None
    result: Any = None
    remaining_ms: int | None = None
    answer: GuardResult | None = None
    reason: str | None = None


def skipped() -> dict[str, bool]:
    """Return what a job returns that was not let run because it runs or ran already."""
    return {"skipped": True}


class OpenRuns:
    """The runs that were begun by `should_execute` and not ended yet, by job and thread. Safe for threads.

    One thread runs one run of a job at a time, so that a later one takes the place of one that was never ended.
    """

    __slots__ = ("_lock", "_runs")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: dict[str, dict[int, Run]] = {}

    def add(self, run: Run) -> None:
        """Keep a run. Beyond 10000 jobs the one that waits longest for its end is forgotten."""
        with self._lock:
            mine = self._runs.pop(run.job_id, {})
            mine[threading.get_ident()] = run
            self._runs[run.job_id] = mine
            if len(self._runs) > _MAX_OPEN:
                del self._runs[next(iter(self._runs))]

    def find(self, job_id: str) -> Run:
        """Return the run of a job in this thread, else the only one in any other.

        Raises:
            NoRunError: There is none, or there are several in other threads.
        """
        with self._lock:
            runs = self._runs.get(job_id, {})
            found = runs.get(threading.get_ident())
            if found is None and len(runs) == 1:
                (found,) = runs.values()
        if found is None:
            raise NoRunError(
                f"{len(runs)} runs of the job {job_id!r:.80} are open in other threads, and none in this one; "
                "end what should_execute let run, or use begin() and its run"
            )
        return found

    def remove(self, run: Run) -> None:
        """Forget a run that has ended."""
        with self._lock:
            runs = self._runs.get(run.job_id, {})
            for thread in [thread for thread, one in runs.items() if one is run]:
                del runs[thread]
            if not runs:
                self._runs.pop(run.job_id, None)
