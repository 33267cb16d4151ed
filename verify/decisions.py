"""What can be decided in a schedule, as the words of its one-line form: ``workload: decision decision ...``.

``w0`` lets a process take its step; ``w0!reply_lost`` lets a fault strike it; ``late(w0.3)`` lets the late third
step of w0 land; ``advance``, ``evict(once:k0)`` and ``restart_losing:1`` are faults of the world; ``go-on`` lets a
phase end although steps are late. A generated trial also says who is called, ``call(w0,usual)``, who reconciles,
``reconcile(c1,usual)``, and which paused process comes back, ``back(w0)``. Words only; which fault kinds there are is
not known here.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

GO_ON = "go-on"

_STEP = re.compile(r"[wrc]\d+(\+\d+)?")
_LATE = "late("
_TOLD = ("call", "reconcile", "back")
_SPOILS_A_LINE = re.compile(r"[\s%]")


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


def told(what: str, *whom: str) -> str:
    """Return the decision of a trial to call, to let reconcile, or to let a paused process come back."""
    return f"{what}({','.join(_spelt(each) for each in whom)})"


def on_key(kind: str, key: str) -> str:
    """Return the decision that lets a fault strike a key."""
    return f"{kind}({_spelt(key)})"


def _spelt(text: str) -> str:
    """Return *text* without what would end a word or a line."""
    return _SPOILS_A_LINE.sub(lambda found: f"%{ord(found[0]):02x}", text)


@functools.lru_cache(maxsize=65536)
def struck_kind(decision: str) -> str:
    """Return the fault kind that the decision injects; empty where it injects none."""
    actor, struck, kind = decision.partition("!")
    if struck:
        return kind
    if _STEP.fullmatch(actor) or actor.startswith(_LATE) or actor == GO_ON:
        return ""
    name = actor.partition("(")[0]
    return "" if name in _TOLD else name


def strikes_world(decision: str) -> bool:
    """Say whether a fault strikes that is no process's own."""
    return "!" not in decision and struck_kind(decision) != ""


@functools.lru_cache(maxsize=65536)
def is_preemption(running: str, decision: str) -> bool:
    """Say whether the decision takes the turn from *running*, a process that could have gone on; empty: from none."""
    actor = actor_of(decision)
    return bool(running) and actor != running and is_step(actor)


def faults_of(decisions: Iterable[str]) -> tuple[str, ...]:
    """Return the fault kinds that strike in a schedule, in order."""
    return tuple(kind for decision in decisions if (kind := struck_kind(decision)))


def decisions_of(line: str) -> tuple[str, ...]:
    """Return the decisions of a one-line form."""
    return tuple(line.partition(": ")[2].split())
