"""The seventeen answers of `execute_once`, and what each of them lets the caller conclude.

The facts are data: whoever reads an answer looks them up, and must never guess them from the name.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Effects(StrEnum):
    """How often the effect has happened, as far as the answer can tell."""

    ZERO = "0"
    ZERO_BY_ME = "0 by this call"
    ZERO_OR_ONE = "0..1"
    ONE = "1"
    ONE_OR_MORE = "1 by this call, maybe more"
    UNKNOWN = "unknown"
    UNPROTECTED = "unprotected"
    NOT_APPLICABLE = "n/a"


class Retry(StrEnum):
    """Whether the caller may try again with the same key."""

    YES = "yes"
    LATER = "later"
    SAME_TOKEN = "with the same token"  # noqa: S105 - no password
    BY_POLICY = "as the policy says"
    AFTER_MENDING = "not until the store is mended"
    REPLAY_ONLY = "a replay only"
    RECONCILE_FIRST = "no: reconcile first"
    NO = "no"


class Outcome(StrEnum):
    """One of the seventeen answers.

    Attributes:
        effects: How often the effect has happened so far.
        may_retry: Whether the same key may be tried again.
        meaning: One sentence.
    """

    effects: Effects
    may_retry: Retry
    meaning: str

    def __new__(cls, name: str, effects: Effects, may_retry: Retry, meaning: str) -> Self:
        """Make a member that is its own name and carries its facts."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.effects = effects
        member.may_retry = may_retry
        member.meaning = meaning
        return member

    EXECUTED = ("EXECUTED", Effects.ONE, Retry.REPLAY_ONLY, "This call did the effect, and it is recorded.")
    REPLAYED = ("REPLAYED", Effects.ONE, Retry.YES, "An earlier call did the effect; this is its recorded result.")
    REPLAYED_FAILURE = (
        "REPLAYED_FAILURE",
        Effects.ZERO,
        Retry.BY_POLICY,
        "An earlier call failed definitely, and the policy does not try again.",
    )
    IN_PROGRESS = ("IN_PROGRESS", Effects.ZERO_OR_ONE, Retry.LATER, "Another holder's lease still runs.")
    IN_DOUBT = (
        "IN_DOUBT",
        Effects.UNKNOWN,
        Retry.RECONCILE_FIRST,
        "The holder is gone after START, or its effect ended ambiguously.",
    )
    CONFLICT = (
        "CONFLICT",
        Effects.NOT_APPLICABLE,
        Retry.NO,
        "The key is in use for another payload or another effect type.",
    )
    REFUSED_STORE_UNAVAILABLE = (
        "REFUSED_STORE_UNAVAILABLE",
        Effects.ZERO,
        Retry.YES,
        "The store could not be reached; nothing was started.",
    )
    CLAIM_UNKNOWN = (
        "CLAIM_UNKNOWN",
        Effects.ZERO,
        Retry.SAME_TOKEN,
        "Replies were lost; the claim may stand under this call's token, and the effect was not run.",
    )
    REFUSED_STORE_UNSAFE = (
        "REFUSED_STORE_UNSAFE",
        Effects.ZERO,
        Retry.AFTER_MENDING,
        "The store answers but must not be trusted with a claim now.",
    )
    LEASE_LOST_BEFORE_EFFECT = (
        "LEASE_LOST_BEFORE_EFFECT",
        Effects.ZERO_BY_ME,
        Retry.YES,
        "Just before the effect the claim belonged to another holder, or its lease was over.",
    )
    EXECUTED_UNRECORDED = (
        "EXECUTED_UNRECORDED",
        Effects.ONE,
        Retry.NO,
        "The effect is done, but the store does not (durably) know: journal it and repair.",
    )
    EXECUTED_FENCED = (
        "EXECUTED_FENCED",
        Effects.ONE_OR_MORE,
        Retry.NO,
        "The effect is done, and the claim was lost meanwhile: a duplicate is possible.",
    )
    EXECUTED_RESULT_UNSTORABLE = (
        "EXECUTED_RESULT_UNSTORABLE",
        Effects.ONE,
        Retry.REPLAY_ONLY,
        "The effect is done and marked done; its result could not be stored.",
    )
    FAILED_DEFINITE = (
        "FAILED_DEFINITE",
        Effects.ZERO,
        Retry.BY_POLICY,
        "The effect certainly did not happen, and the claim is released.",
    )
    EFFECT_UNCERTAIN = (
        "EFFECT_UNCERTAIN",
        Effects.UNKNOWN,
        Retry.RECONCILE_FIRST,
        "The effect ended ambiguously: it may have happened, and may still happen.",
    )
    KEY_EXPIRED = (
        "KEY_EXPIRED",
        Effects.UNKNOWN,
        Retry.NO,
        "The intent is older than the memory of the guard.",
    )
    BYPASSED = (
        "BYPASSED",
        Effects.UNPROTECTED,
        Retry.NO,
        "The effect was run without protection, by configuration.",
    )
