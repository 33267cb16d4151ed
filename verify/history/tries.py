"""How often a job was tried for sure since it last succeeded, and how long it waits. Never says more than is known.

A try is a request to the venue. Whoever makes it was let through between its invocation and the request. A success
lets the count begin anew, somewhere between the venue's answer and the caller's: what was let through before that and
came to the venue after it belongs to neither count, and is left out.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from verify.history.events import Complete, Died, EffectCall, EffectReply, Fault

if TYPE_CHECKING:
    from verify.history.events import Event, RetryTerms
    from verify.history.history import History, Operation

COOLDOWN = "cooldown"
"""The word of a call that was refused because its job was tried a short while ago."""
EXHAUSTED = "exhausted"
"""The word of a call that was refused because its job may not be tried any more."""
SLACK_NS = 50_000_000
"""Clocks of a millisecond, and what lies between a clock's reading and its use."""


@dataclass(frozen=True, slots=True)
class Try:
    """One request to the venue.

    Attributes:
        operation: Whose.
        position: Index of the request among the events.
        earliest_ns: It was let through no earlier,
        latest_ns: and no later than this.
    """

    operation: Operation
    position: int
    earliest_ns: int
    latest_ns: int


def wait_ns(terms: RetryTerms, tries: int) -> int:
    """Return how long a job waits that was tried so often, once or more, in nanoseconds."""
    return int(min(terms.cooldown_s * 2.0 ** min(tries - 1, 64), terms.longest_s) * 1e9)


def rounds(history: History) -> list[list[Try]]:
    """Return the tries of each job from one success to the next, in order; none where nobody limits them."""
    if history.retries is None:
        return []
    walk = _Walk(history)
    for position, event in zip(history.positions, history.events, strict=True):
        walk.take(position, event)
    return walk.rounds


@dataclass(slots=True)
class _Job:
    """What is known of one job."""

    round: list[Try] = field(default_factory=list)
    since: int = -1
    succeeding: set[int] = field(default_factory=set)
    """Operations that were told of a success and have not answered yet."""
    succeeded: set[str] = field(default_factory=set)
    """Processes that were told of one."""


class _Walk:
    """One way through a history, in its order."""

    def __init__(self, history: History) -> None:
        self.rounds: list[list[Try]] = []
        self._operations = {operation.number: operation for operation in history.operations}
        self._of_process: dict[str, list[int]] = defaultdict(list)
        for operation in history.operations:
            self._of_process[operation.process].append(operation.number)
        self._at_ns = {
            position: event.at_ns or 0 for position, event in zip(history.positions, history.events, strict=True)
        }
        self._jobs: dict[str, _Job] = {}

    def take(self, position: int, event: Event) -> None:
        """Go one event further."""
        match event:
            case EffectCall():
                self._call(position, self._operations[event.op])
            case EffectReply(answer="receipt"):
                operation = self._operations[event.op]
                job = self._job(operation.key)
                job.succeeding.add(operation.number)
                job.succeeded.add(event.process)
            case Complete():
                self._end(position, event.op)
            case Died():
                for number in self._of_process[event.process]:
                    self._end(position, number)
            case Fault(at="landed"):
                for job in self._jobs.values():
                    if event.process in job.succeeded:
                        self._begin_anew(job, position)

    def _job(self, key: str) -> _Job:
        if key not in self._jobs:
            self._jobs[key] = _Job()
            self.rounds.append(self._jobs[key].round)
        return self._jobs[key]

    def _call(self, position: int, operation: Operation) -> None:
        job = self._job(operation.key)
        if not job.succeeding and operation.invoked_at > job.since:
            earliest_ns, latest_ns = self._at_ns[operation.invoked_at], self._at_ns[position]
            job.round.append(Try(operation, position, earliest_ns, latest_ns))

    def _end(self, position: int, number: int) -> None:
        job = self._job(self._operations[number].key)
        if number in job.succeeding:
            job.succeeding.discard(number)
            self._begin_anew(job, position)

    def _begin_anew(self, job: _Job, position: int) -> None:
        job.round, job.since = [], position
        self.rounds.append(job.round)
