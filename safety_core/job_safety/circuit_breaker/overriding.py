"""An operator's override as one checked request, and the rule "no audit, no act"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, final

from .errors import OverrideError
from .settings import MAX_SECONDS
from .states import BreakerState, Scope

if TYPE_CHECKING:
    from .terms import BreakerTerms, Place

MAX_TEXT = 1024
"""Longest actor or reason, in characters."""


class AuditedAct(Protocol):
    """An act whose intent is written down."""

    def succeeded(self) -> None:
        """Write down that it was done."""

    def failed(self, error: BaseException) -> None:
        """Write down that it failed, or that nobody knows."""


class OverrideAudit(Protocol):
    """Where overrides are written down before they are done."""

    def begin_override(self, *, target: str, actor: str, reason: str, state: str) -> AuditedAct:
        """Write the intent down durably, or raise."""


@final
@dataclass(frozen=True, slots=True)
class OverrideRequest:
    """A checked request.

    Attributes:
        place: Which scope.
        state: What to hold it in; None lets go of it.
        actor: Who wants it.
        reason: Why.
        for_s: Seconds until it runs out; 0 when letting go.
    """

    place: Place
    state: BreakerState | None
    actor: str
    reason: str
    for_s: float

    def begin(self, audit: OverrideAudit | None) -> AuditedAct:
        """Write the intent down; what this raises means that nothing was done.

        Raises:
            OverrideError: There is no audit.
            GuardError: The audit cannot write.
        """
        if audit is None:
            raise OverrideError("an override was asked of a breaker without audit=; no audit, no act")
        state = str(self.state) if self.state is not None else "released"
        target = f"{self.place.scope}:{self.place.name}"
        return audit.begin_override(target=target, actor=self.actor, reason=self.reason, state=state)


def make_request(
    terms: BreakerTerms,
    state: BreakerState | str | None,
    *,
    job_type: str | None,
    actor: str,
    reason: str,
    expires_s: float | None,
) -> OverrideRequest:
    """Check an override; `job_type=None` means the exchange's scope, `state=None` lets go.

    Raises:
        OverrideError: Something is missing or out of its range.
        BreakerNameError: The job type cannot name a scope.
    """
    given: tuple[tuple[str, object], ...] = (("actor", actor), ("reason", reason))
    for name, text in given:
        if not isinstance(text, str) or not text.strip() or len(text) > MAX_TEXT:
            raise OverrideError(f"{name} is missing or too long; expected a string of 1 to {MAX_TEXT} characters")
    if state is not None and state not in {BreakerState.CLOSED, BreakerState.OPEN}:
        raise OverrideError(f"a breaker can be forced CLOSED or OPEN; {state!r} is neither")
    if state is not None:
        _assert_expiry(expires_s)
    if job_type is None and terms.exchange is None:
        raise OverrideError("job_type is missing, and this breaker has no exchange whose scope could be meant")
    place = (
        terms.place(Scope.JOB_TYPE, job_type)
        if job_type is not None
        else terms.place(Scope.EXCHANGE, str(terms.exchange))
    )
    held = BreakerState(state) if state is not None else None
    return OverrideRequest(place, held, actor, reason, float(expires_s or 0) if held is not None else 0.0)


def _assert_expiry(expires_s: object) -> None:
    if isinstance(expires_s, bool) or not isinstance(expires_s, int | float) or not 0 < expires_s <= MAX_SECONDS:
        raise OverrideError(f"expires_s is {expires_s!r}; expected seconds above 0 and up to {MAX_SECONDS:g}")
