"""What a fault is, as a value that any gate can carry out and any document can print."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Target(StrEnum):
    """What a fault strikes."""

    COMMAND = "command"
    """One Redis command that a process is about to send."""
    EFFECT = "effect"
    """One effect that a process is about to ask of the venue."""
    STEP = "step"
    """Either of the two."""
    TIME = "time"
    """Everybody's clock."""
    KEY = "key"
    """One key at the server."""
    STORE = "store"
    """The server and every connection to it."""


OF_THE_WORLD = frozenset({Target.TIME, Target.KEY, Target.STORE})
"""What strikes no process in particular."""


class Fate(StrEnum):
    """What becomes of the struck step itself."""

    DONE = "done"
    NOT_DONE = "not done"
    LATER = "done at any later point"


class Answer(StrEnum):
    """What the struck process experiences."""

    CUT = "its connection is cut"
    TIMEOUT = "its time limit is raised"
    ERROR = "an error is answered"
    REFUSAL = "a definite refusal is answered"
    DEATH = "it is dead"
    STOP = "it stops"
    NOTHING = "it notices nothing"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FaultKind:
    """One kind of fault; there is one object of each.

    Attributes:
        name: As in ``--kinds`` and in schedules. Variants follow a colon: ``error_reply:OOM``.
        target: What it strikes.
        fate: What becomes of the struck step.
        answer: What the struck process experiences.
        what: What is done, in one sentence.
        witness: How it is known to have bitten.
        demand: What a correct subject may and may not do under it.
        error: The error line that is answered, only with ``Answer.ERROR``.
        only: Commands it can strike; empty means every one.
        writes_only: True where only a command that may write can meet it.
        needs_clock: True where the server's clock must be under our control.
        loses: How many of the schedule's last writes the store forgets, only with ``Target.STORE``.
        fails_over: Whether another server takes over, only with ``Target.STORE``; else the same one starts again.
    """

    name: str
    target: Target
    fate: Fate
    answer: Answer
    what: str
    witness: str
    demand: str
    error: str = ""
    only: frozenset[str] = frozenset()
    writes_only: bool = False
    needs_clock: bool = False
    loses: int = 0
    fails_over: bool = False

    @property
    def family(self) -> str:
        """The name without its variant."""
        return self.name.partition(":")[0]
