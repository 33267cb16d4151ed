"""The words of the breaker: its states, how a call ends, what is handed out and answered. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import final


class BreakerState(StrEnum):
    """State of one scope."""

    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


STATE_OF = {"C": BreakerState.CLOSED, "O": BreakerState.OPEN, "H": BreakerState.HALF_OPEN}
"""From the letter in the store to the state."""
LETTER_OF = {state: letter for letter, state in STATE_OF.items()}


class Scope(StrEnum):
    """What a breaker stands for."""

    EXCHANGE = "exchange"
    """One account at one exchange: limits and bans hold for all of its job types."""
    JOB_TYPE = "job_type"


class CallOutcome(StrEnum):
    """How a call ended, as far as the dependency is concerned."""

    SUCCESS = "success"
    FAILURE = "failure"
    """The dependency of this job type failed."""
    EXCHANGE_FAILURE = "exchange_failure"
    """The exchange failed: counts for the job type and for the exchange."""
    RATE_LIMITED = "rate_limited"
    """The exchange limits or bans the account: its scope opens at once, not before the time that it names."""
    CALLER_MISTAKE = "caller_mistake"
    """The caller's own mistake, or nothing learnt about the dependency: never counts."""


LETTERS: dict[CallOutcome, tuple[str, str]] = {
    CallOutcome.SUCCESS: ("S", "S"),
    CallOutcome.FAILURE: ("N", "F"),
    CallOutcome.EXCHANGE_FAILURE: ("F", "F"),
    CallOutcome.RATE_LIMITED: ("R", "N"),
    CallOutcome.CALLER_MISTAKE: ("N", "N"),
}
"""What an outcome says about the exchange and about the job type: S success, F failure, R limit, N nothing."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A scope changed its state, and this process did it.

    Attributes:
        scope: What the breaker stands for.
        name: Which one: the exchange or the job type.
        before: State that was left.
        after: State that was entered.
        reason: `failures`, `probe`, `limit`, `override`, or empty.
        epoch: Number of the state that was entered.
        open_s: Seconds for which it stays open, where it opened; else 0.
        local: True when it is the breaker of this process alone, because Redis is away.
        actor: Who forced it; empty where nobody did.
    """

    scope: Scope
    name: str
    before: BreakerState
    after: BreakerState
    reason: str
    epoch: int
    open_s: float = 0.0
    local: bool = False
    actor: str = ""

    def __str__(self) -> str:
        return f"{self.before}->{self.after}"


@final
@dataclass(slots=True, eq=False)
class Permit:
    """The answer to "may I call?"; true in a condition when the call may go ahead.

    Attributes:
        job_type: As asked.
        admitted: Whether the call may go ahead.
        state: State of the scope that decided: the one that refused, else the job type's.
        scope: Scope that refused; None where none did.
        retry_after_s: Refused: seconds until asking again makes sense. 0 when admitted.
        reason: Refused: `failures`, `probe`, `limit`, `override`, `probes`, `store` or `store_lost`.
        token: Name of this call.
        epochs: Epoch of each scope, outermost first.
        local: True when it was given by the breaker of this process alone, because Redis is away.
        transitions: What this question changed.
    """

    job_type: str
    admitted: bool
    state: BreakerState
    scope: Scope | None = None
    retry_after_s: float = 0.0
    reason: str = ""
    token: str = field(default="", repr=False)
    epochs: tuple[int, ...] = ()
    local: bool = False
    transitions: tuple[Transition, ...] = ()

    def __bool__(self) -> bool:
        return self.admitted


@final
@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """What became of an outcome.

    Attributes:
        counted: By scope, outermost first: `counted`, `nothing` (nothing to count), `stale` (begun in another epoch,
            or its permit had ended), `forced` (an override holds), or `lost` (Redis did not answer; counted locally).
        transitions: What it changed.
    """

    counted: tuple[str, ...]
    transitions: tuple[Transition, ...] = ()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """An operator holds a scope in one state.

    Attributes:
        state: CLOSED or OPEN.
        actor: Who does it.
        reason: Why.
        remaining_s: Seconds until it runs out.
    """

    state: BreakerState
    actor: str
    reason: str
    remaining_s: float


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerReport:
    """What stands of one scope.

    Attributes:
        scope: What the breaker stands for.
        name: Which one.
        state: State of its own machine; an override goes before it.
        epoch: Number of that state; 0 before the first change.
        open_s: OPEN: seconds until it lets a probe through, 0 when it is due.
        failures: CLOSED: failures within the window.
        probes: HALF_OPEN: permits that are out.
        successes: HALF_OPEN: probes that succeeded.
        reason: Why it is open.
        override: The override in force, or None.
    """

    scope: Scope
    name: str
    state: BreakerState
    epoch: int
    open_s: float
    failures: int
    probes: int
    successes: int
    reason: str
    override: Override | None

    @property
    def effective(self) -> BreakerState:
        """The state that decides: the override's, else the machine's own."""
        return self.override.state if self.override is not None else self.state
