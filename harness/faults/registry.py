"""Every fault kind by name. Documents, options and the explorer read this list; nobody keeps another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import WrongInputError
from harness.faults import (
    advance,
    crash_after,
    crash_before,
    effect_late,
    effect_lost,
    effect_rejected,
    effect_reply_lost,
    error_reply,
    evict,
    failover_losing,
    late_request,
    pause,
    reply_lost,
    request_lost,
    restart_losing,
)
from harness.faults.kind import Target

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.faults.kind import FaultKind

_FILES = (
    request_lost,
    reply_lost,
    late_request,
    error_reply,
    crash_before,
    crash_after,
    effect_lost,
    effect_reply_lost,
    effect_rejected,
    effect_late,
    pause,
    advance,
    evict,
    restart_losing,
    failover_losing,
)

ALL: dict[str, FaultKind] = {kind.name: kind for module in _FILES for kind in module.KINDS}
FAMILIES: tuple[str, ...] = tuple(dict.fromkeys(kind.family for kind in ALL.values()))


_LOSSES = frozenset(name for name, kind in ALL.items() if kind.target is Target.STORE)


def loses_store(decision: str) -> bool:
    """Say whether a decision lets the store die and forget: such a schedule needs a store of its own."""
    return decision in _LOSSES


def select(names: Iterable[str]) -> tuple[FaultKind, ...]:
    """Return the kinds named, in the registry's order; a family's name stands for all its variants.

    Raises:
        WrongInputError: A name is neither a kind nor a family.
    """
    wanted: set[str] = set()
    for name in names:
        hits = {kind.name for kind in ALL.values() if name in {kind.name, kind.family}}
        if not hits:
            raise WrongInputError(f"unknown fault kind {name!r}; expected some of: {', '.join(FAMILIES)}")
        wanted |= hits
    return tuple(kind for kind in ALL.values() if kind.name in wanted)
