"""A breaker refuses for a reason, and no reason lasts: who dies while it probes holds up nobody for ever.

A command that came late to the store is a reason from when it landed, where the breaker may have been half open by
then: it may have taken a permit that nobody uses, or told a failure. An effect that came late to the venue is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.history.breaker_states import OPEN, SLACK_NS, lease_ns
from verify.history.words import Finding, Outcome, Verdict

if TYPE_CHECKING:
    from verify.history.history import History, Operation

NAME = "closes_again"
CLAIM = "Whom a circuit breaker refuses, it refuses for a failure or a probe that is no older than its terms say."


def check(history: History) -> list[Finding]:
    """Return one finding for each refusal that nothing explains."""
    if history.breaker is None:
        return []
    within_ns = lease_ns(history.breaker) + SLACK_NS
    at_ns = {position: event.at_ns or 0 for position, event in zip(history.positions, history.events, strict=True)}
    reasons = [operation for operation in history.operations if not _is_refused(operation)]
    late = [
        position
        for position, fault in history.faults
        if (fault.kind, fault.at) == ("late_request", "landed")
        and sum(_may_have_failed(each, position) for each in reasons) >= history.breaker.failures
    ]
    return [
        Finding(
            checker=NAME,
            verdict=Verdict.INVALID,
            sentence=(
                f"stuck: process {refused.process} (operation {refused.number}) was refused by the breaker for key "
                f"{refused.key}, though no call was under way and none had failed within the time of its terms"
            ),
            operations=(refused.number,),
        )
        for refused in history.operations
        if _is_refused(refused)
        and not any(_explains(each, refused, at_ns, within_ns) for each in reasons)
        and not any(_reaches(position, refused, at_ns, within_ns) for position in late)
    ]


def _is_refused(operation: Operation) -> bool:
    return operation.outcome is Outcome.FAIL and operation.word == OPEN and not operation.calls


def _explains(each: Operation, refused: Operation, at_ns: dict[int, int], within_ns: int) -> bool:
    """Say whether the breaker may have refused a call because of another one."""
    if refused.completed_at is None or each.invoked_at > refused.completed_at:
        return False
    if each.ended_at is None or each.ended_at > refused.invoked_at:
        return True
    if each.outcome is Outcome.OK or each.word == "rejected":
        return False
    return _reaches(each.ended_at, refused, at_ns, within_ns)


def _may_have_failed(each: Operation, position: int) -> bool:
    """Say whether a call that was made before an event may count as a failure by then."""
    return any(
        call.position < position and (call.reply is None or call.reply.answer == "timeout") for call in each.calls
    )


def _reaches(position: int, refused: Operation, at_ns: dict[int, int], within_ns: int) -> bool:
    """Say whether what the breaker learnt at an event may have been why it refused a call."""
    until = refused.completed_at
    return until is not None and position < until and at_ns[refused.invoked_at] < at_ns[position] + within_ns
