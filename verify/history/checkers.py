"""Every checker by name. A checker is a module with NAME, CLAIM and check(history); it never sees another one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify.history import (
    at_most_once,
    attempts_limit,
    audit_complete,
    audit_first,
    book_integrity,
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
    witnesses,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from verify.history.history import History
    from verify.history.words import Finding


@dataclass(frozen=True, slots=True)
class Checker:
    """One question put to a history.

    Attributes:
        name: What findings call it.
        claim: What it asks of a history, in one sentence.
        check: Returns the findings; none means that the claim holds.
    """

    name: str
    claim: str
    check: Callable[[History], list[Finding]]


CHECKERS: tuple[Checker, ...] = tuple(
    Checker(module.NAME, module.CLAIM, module.check)
    for module in (
        at_most_once,
        nothing_lost,
        truthful_outcome,
        replay_equality,
        conflict,
        mutual_exclusion,
        fence_order,
        usefulness,
        open_refuses,
        probe_limit,
        closes_again,
        attempts_limit,
        cooldown_kept,
        retry_given,
        audit_first,
        audit_complete,
        book_integrity,
        witnesses,
    )
)
"""All checkers, in the order in which they are asked. All of them always run."""

ASSUMPTIONS: frozenset[str] = frozenset({book_integrity.NAME, witnesses.NAME})
"""The checkers that ask whether the record can be trusted. They decide under every promise."""
