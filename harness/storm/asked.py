"""What a storm is asked for, and what it leaves for its record. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.errors import WrongInputError
from verify.history.promises import Promise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.redis_server.choice import RedisChoice
    from harness.storm.gang import Ended
    from harness.storm.inject import Injected
    from harness.storm.merging import Merged
    from harness.storm.survey import Left
    from harness.storm.timeline import Timeline
    from harness.subjects.contract import Subject
    from verify.history.events import Event, Fault

LEASE_S = 2.0
"""Seconds of a claim in a storm: few, so that what a dead worker held is free again before the storm is over."""
_OF_ONE_KEY = (Promise.EXACTLY_ONCE_OR_IN_DOUBT, Promise.AT_MOST_ONCE, Promise.MUTUAL_EXCLUSION)
"""What can be promised of each key by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a storm is asked for.

    Attributes:
        subject: Whose guard.
        choice: The server.
        seed: The run's.
        users: Locust users, in all processes together.
        seconds: How long they work; Locust knows whole seconds alone.
        processes: Worker processes, all together.
        faults: What goes wrong, and when.
        toxiproxy: The value of ``--toxiproxy``.
        web: Host and port of Locust's own page; None: none.
        lead: Where other machines find what they need: an address and the first of four ports. Then all worker
            processes are theirs. None: there are no others.
    """

    subject: Subject
    choice: RedisChoice
    seed: int
    users: int
    seconds: int
    processes: int
    faults: Sequence[Injected] = ()
    toxiproxy: str = "embedded"
    web: tuple[str, int] | None = None
    lead: tuple[str, int] | None = None


@dataclass(slots=True)
class Happened:
    """What a storm leaves for its record.

    Attributes:
        asked: What was asked for.
        began_ns: When the users began.
        phases: Its phases.
        timeline: Its faults.
        status: What Locust said last of how far it is.
        befell: What happened to worker processes that nobody asked for.
        lost: Worker processes that ended by themselves.
        left: What was open at the end of the workload.
        merged: What was brought together.
        reasons: Why the storm shows nothing, or not all.
        notes: Sentences for the reader.
    """

    asked: Asked
    began_ns: int = 0
    phases: list[Event] = field(default_factory=list)
    timeline: Timeline | None = None
    status: dict[str, Any] = field(default_factory=dict)
    befell: list[Fault] = field(default_factory=list)
    lost: list[Ended] = field(default_factory=list)
    left: Left | None = None
    merged: Merged | None = None
    reasons: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def check_others(faults: Sequence[Injected], processes: int) -> None:
    """See that others go on where a worker process is struck.

    Raises:
        WrongInputError: There are none.
    """
    struck = [fault for fault in faults if fault.meaning.fault is None]
    if struck and processes == 1:
        raise WrongInputError(
            f"{struck[0]} strikes a worker process while others go on; expected --processes 2 or more"
        )


def check_subject(subject: Subject) -> None:
    """See that a storm can judge the subject.

    Raises:
        WrongInputError: It promises something of more than one key.
    """
    if subject.promise not in _OF_ONE_KEY:
        raise WrongInputError(
            f"{subject.name} promises {subject.promise}, and a storm is judged key by key; expected a guard that "
            f"promises {', '.join(_OF_ONE_KEY)} (use explore, or a story)"
        )
