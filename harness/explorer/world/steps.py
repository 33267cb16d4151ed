"""What a process waits for at the gate, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.explorer.gate.wire import Signature


@dataclass(slots=True, kw_only=True, eq=False)
class CommandStep:
    """One Redis command, script call or MULTI/EXEC block that a process is about to send.

    ``parts`` holds the bytes of its requests: one, or all of a MULTI block, of whose replies the last one counts.
    ``keys`` is None where the server cannot tell what the command touches; ``watched`` are the keys on which the fate
    of a MULTI block depends. ``master`` is the server that is asked: 0, or a later one where there are several. Must
    never be changed: that the class does not see to it saves every command a microsecond.
    """

    name: str
    keys: tuple[bytes, ...] | None
    may_write: bool
    parts: tuple[bytes, ...]
    signature: Signature
    watched: tuple[bytes, ...] = ()
    master: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectStep:
    """One effect that a process is about to ask of the venue."""

    payload: Mapping[str, Any]
    order_id: str | None = None
    fence: int | None = None
    valid_until_ms: int | None = None
    call: int = 1
    name: str = field(default="effect", init=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SleepStep:
    """The process sleeps or polls: it goes on when another has moved or time has."""

    seconds: float
    name: str = field(default="sleep", init=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeStep:
    """One question to the venue during reconciliation: what became of this key?"""

    key: str
    name: str = field(default="probe", init=False)


Step = CommandStep | EffectStep | ProbeStep | SleepStep


@dataclass(slots=True, eq=False)
class Bytes:
    """The server's reply. Must never be changed."""

    data: bytes


class Cut:
    """The connection is gone: the client reads the end of the stream."""


class TimedOut:
    """The client's time limit is raised."""


class Receipt(NamedTuple):
    """What the venue answered: an effect's receipt, or what it knows of a key."""

    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Failed:
    """What the venue, or the way to it, raises."""

    error: Exception


class Woken:
    """The sleep is over."""


Came = Bytes | Cut | TimedOut | Receipt | Failed | Woken


class ProcessDead(BaseException):
    """Unwinds a crashed process. Not an Exception: a subject's own handlers must not catch it."""
