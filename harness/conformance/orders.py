"""What the guard may be called with in a generated trial. Values only.

Few orders, so that several calls meet on one of them. Two neighbours look alike once they are joined or rounded, and
the stranger's key is any text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.explorer.world.setting import ORDER, job_of
from harness.subjects.contract import told_of

if TYPE_CHECKING:
    from harness.explorer.world.setting import Job
    from harness.subjects.contract import Subject

USUAL, STRANGER = "usual", "stranger"
FIRST_NEIGHBOUR, SECOND_NEIGHBOUR = "neighbour", "next neighbour"
NOTHING, AMOUNT, KIND = "nothing", "amount", "kind"
"""What may be changed of an order under its key: nothing, what it asks for, or what kind of effect it is."""
ALPHABET = "aZ0é✓ /#%|_-\\\"'{}*"
"""What a stranger's key is made of, besides the key of the trial."""

_ALIKE = {NOTHING: ("0.12345678", "0.12345679"), AMOUNT: ("0.22345678", "0.22345679")}


def entities_for(subject: Subject) -> tuple[str, ...]:
    """Return the orders that a subject may be given, the most usual first."""
    if subject.limits is not None:
        return (USUAL,)
    near = () if "neighbours" in subject.outside else (FIRST_NEIGHBOUR, SECOND_NEIGHBOUR)
    return (USUAL, USUAL, STRANGER, *near)


def changes_for(subject: Subject, kinds: tuple[str, ...], *, knows_payload: bool) -> tuple[str, ...]:
    """Return what may be changed of an order that a subject may be given, where it may meet *kinds* of effects."""
    if not knows_payload or "conflict" in subject.outside:
        return (NOTHING,)
    return (NOTHING, NOTHING, AMOUNT, *([KIND] if len(kinds) > 1 else []))


def job(key: str, stranger: str, entity: str, amount: str, kind: str) -> Job:
    """Return what the guard is called with.

    Args:
        key: The key of the trial.
        stranger: The rest of the stranger's key.
        entity: Which order.
        amount: ``NOTHING``, or ``AMOUNT`` where that is changed.
        kind: The kind of effect.
    """
    first, second = _ALIKE[amount]
    plain = {NOTHING: "0.10", AMOUNT: "0.20"}[amount]
    ending, changed = {
        USUAL: ("+", {"quantity": plain}),
        STRANGER: (f"/{stranger}", {"quantity": plain}),
        FIRST_NEIGHBOUR: (":1", {"quantity": first}),
        SECOND_NEIGHBOUR: ("", {"quantity": second, "account": "1:2"}),
    }[entity]
    of_kind = told_of(kind)
    return job_of(key + ending, {**ORDER, **changed, **of_kind}, kind)
