"""Never two processes in the section of one key. A section is a stretch of the history, never a lock in Redis."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from verify.history.events import Complete, Died, EffectCall, EffectReply
from verify.history.words import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from verify.history.history import Call, History

NAME = "mutual_exclusion"
CLAIM = "From the moment it asks the venue until it is told, answers or dies, a process is alone with its key."


def check(history: History) -> list[Finding]:
    """Return one finding for each section that began inside another process's section of the same key."""
    if not _meet(history.calls):
        return []
    sections = _Sections()
    for position, event in zip(history.positions, history.events, strict=True):
        match event:
            case Complete():
                sections.leave(event.op)
            case EffectCall():
                sections.enter(position, event)
            case EffectReply():
                sections.pass_through(event.op)
            case Died():
                sections.die(event.process)
    return sections.findings


def _meet(calls: Sequence[Call]) -> bool:
    """Say whether two processes ever asked the venue for one key: most often nobody comes into another's section."""
    asked: dict[str, str] = {}
    return any(asked.setdefault(call.event.key, call.event.process) != call.event.process for call in calls)


class _Sections:
    """The sections that are open at one point of the history."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        # key -> process -> its open operations; at most two processes are ever looked at.
        self._inside: dict[str, dict[str, dict[int, int]]] = defaultdict(dict)
        self._entered: dict[int, tuple[str, str]] = {}
        self._left: set[int] = set()
        self._dead: set[str] = set()
        self._of_process: dict[str, set[int]] = defaultdict(set)

    def enter(self, position: int, event: EffectCall) -> None:
        if event.op in self._entered:
            return
        holders = self._inside[event.key]
        for process, operations in holders.items():
            if process != event.process:
                other, since = next(iter(operations.items()))
                self.findings.append(_overlap(position, event, process, other, since))
                break
        self._entered[event.op] = (event.key, event.process)
        # An effect after the answer or the death is a section of one instant: nothing is left that could close it.
        if event.op not in self._left and event.process not in self._dead:
            holders.setdefault(event.process, {})[event.op] = position
            self._of_process[event.process].add(event.op)

    def pass_through(self, op: int) -> None:
        """Leave the section of one request; the operation may enter again with the next."""
        if op not in self._entered:
            return
        key, process = self._entered.pop(op)
        operations = self._inside[key].get(process, {})
        operations.pop(op, None)
        if not operations:
            self._inside[key].pop(process, None)

    def leave(self, op: int) -> None:
        self._left.add(op)
        if op in self._entered:
            self.pass_through(op)

    def die(self, process: str) -> None:
        self._dead.add(process)
        for op in self._of_process[process]:
            self.leave(op)


def _overlap(position: int, event: EffectCall, process: str, other: int, since: int) -> Finding:
    return Finding(
        checker=NAME,
        verdict=Verdict.INVALID,
        sentence=(
            f"process {event.process} (operation {event.op}) entered the section of key {event.key} "
            f"at event {position} while process {process} (operation {other}) was inside since event {since}"
        ),
        operations=(other, event.op),
        at=position,
    )
