"""What can be decided in a schedule, as the words of its one-line form.

``w0`` lets a process take its step; ``w0!reply_lost`` lets a fault strike it; ``late(w0.3)`` lets the late third
step of w0 land; ``advance``, ``evict(once:k0)`` and ``restart_losing:1`` are faults of the world; ``go-on`` lets a
phase end although steps are late.
"""

from __future__ import annotations

import functools
import re

from harness.faults.kind import Target
from harness.faults.registry import ALL

GO_ON = "go-on"

_STEP = re.compile(r"[wrc]\d+(\+\d+)?")
_LATE = "late("


@functools.lru_cache(maxsize=4096)
def is_step(decision: str) -> bool:
    """Say whether a process takes its step undisturbed."""
    return _STEP.fullmatch(decision) is not None


@functools.lru_cache(maxsize=4096)
def actor_of(decision: str) -> str:
    """Return who acts: a process, a late step, or the fault of the world itself."""
    return decision.partition("!")[0]


def is_late(decision: str) -> bool:
    """Say whether a late step lands."""
    return decision.startswith(_LATE)


def late_name(process: str, ordinal: int) -> str:
    """Return the decision that lets the late step *ordinal* of *process* land."""
    return f"{_LATE}{process}.{ordinal})"


@functools.lru_cache(maxsize=4096)
def struck_kind(decision: str) -> str:
    """Return the fault kind that the decision injects; empty where it injects none."""
    actor, struck, kind = decision.partition("!")
    if struck:
        return kind
    if is_step(actor) or is_late(actor) or actor == GO_ON:
        return ""
    return actor.partition("(")[0]


@functools.lru_cache(maxsize=4096)
def strikes_store(decision: str) -> bool:
    """Say whether the decision lets the store die and forget: such a schedule needs a store of its own."""
    kind = ALL.get(decision)
    return kind is not None and kind.target is Target.STORE


def strikes_world(decision: str) -> bool:
    """Say whether a fault strikes that is no process's own."""
    return "!" not in decision and struck_kind(decision) != ""


@functools.lru_cache(maxsize=65536)
def is_preemption(running: str, decision: str) -> bool:
    """Say whether the decision takes the turn from *running*, a process that could have gone on; empty: from none."""
    actor = actor_of(decision)
    return bool(running) and actor != running and is_step(actor)
