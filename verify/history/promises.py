"""What a subject may promise, and which checkers hold it to that. Says nothing about how a subject keeps it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from verify.history import (
    at_most_once,
    attempts_limit,
    audit_complete,
    audit_first,
    closes_again,
    conflict,
    cooldown_kept,
    fence_order,
    mutual_exclusion,
    nothing_lost,
    open_refuses,
    probe_limit,
    replay_equality,
    retry_given,
    truthful_outcome,
    usefulness,
)
from verify.history.checkers import ASSUMPTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping


class Promise(StrEnum):
    """What a guard promises of the effects it is called for."""

    MUTUAL_EXCLUSION = "mutual_exclusion"
    """Never two processes in the section of one key."""
    AT_MOST_ONCE = "at_most_once"
    """Never two effects of one key, and honest answers; a lost one is allowed."""
    EXACTLY_ONCE_OR_IN_DOUBT = "exactly_once_or_in_doubt"
    """One effect of each key, the same result for every caller, or an explicit doubt."""
    CIRCUIT_BREAKER = "circuit_breaker"
    """No call while the breaker is open, so many probes at once after that, and it never stays shut. Of the effects
    that it lets through it promises nothing."""
    RETRY_POLICY = "retry_policy"
    """A job is tried so often until it succeeds and waits in between, no less and no longer. Of the effects of a try
    it promises nothing."""
    AUDITED = "audited"
    """No act without a record of its intent on the disk, and no record lost that was acknowledged."""


DEFAULT_PROMISE = Promise.EXACTLY_ONCE_OR_IN_DOUBT
"""The promise of a subject that names none."""

PROMISED: Mapping[Promise, frozenset[str]] = {
    Promise.MUTUAL_EXCLUSION: frozenset({mutual_exclusion.NAME, usefulness.NAME}),
    Promise.AT_MOST_ONCE: frozenset(
        {at_most_once.NAME, conflict.NAME, truthful_outcome.NAME, fence_order.NAME, usefulness.NAME}
    ),
    Promise.EXACTLY_ONCE_OR_IN_DOUBT: frozenset(
        {
            at_most_once.NAME,
            nothing_lost.NAME,
            truthful_outcome.NAME,
            replay_equality.NAME,
            conflict.NAME,
            fence_order.NAME,
            usefulness.NAME,
        }
    ),
    Promise.CIRCUIT_BREAKER: frozenset(
        {open_refuses.NAME, probe_limit.NAME, closes_again.NAME, truthful_outcome.NAME, usefulness.NAME}
    ),
    Promise.RETRY_POLICY: frozenset(
        {attempts_limit.NAME, cooldown_kept.NAME, retry_given.NAME, truthful_outcome.NAME}
    ),
    Promise.AUDITED: frozenset({audit_first.NAME, audit_complete.NAME, truthful_outcome.NAME, usefulness.NAME}),
}
"""The checkers that each promise answers for, besides the assumptions."""


def deciding_checkers(promise: Promise) -> frozenset[str]:
    """Return the checkers whose findings decide under *promise*: the promised ones and the assumptions."""
    return PROMISED[promise] | ASSUMPTIONS
