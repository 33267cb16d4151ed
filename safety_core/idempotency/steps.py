"""What the protocol asks of its driver, and what it knows of a connection.

The vocabulary between a generator that does no I/O and the drivers that do: one definition, so that the blocking and
the asyncio guard cannot drift apart. A generator yields a step and is sent the answer:

    Open            -> LinkFacts of a connection that is now the current one, or StoreFailure
    bytes           -> the one reply to these bytes on the current connection, or StoreFailure
    Exchange        -> a list of replies (StoreFailure in the place of an error reply), or StoreFailure
    Claim           -> (True, what the effect returned) or (False, the Exception it raised)

A driver gives the current connection back before it performs a Claim, and when the generator ends; it closes it
after a StoreFailure, other than NOSCRIPT and an error reply to an Exchange that may be refused.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar, final

from .answers import Claim

if TYPE_CHECKING:
    from collections.abc import Sequence


@final
@dataclass(frozen=True, slots=True, eq=False)
class Open:
    """Make a connection the current one.

    Attributes:
        fresh: True: close all idle connections and make a new one, because an old one has just failed.
    """

    fresh: bool


OPEN = Open(fresh=False)
OPEN_FRESH = Open(fresh=True)


@final
@dataclass(slots=True, eq=False)
class Exchange:
    """Bytes that hold several commands.

    Attributes:
        packet: The commands, in RESP.
        replies: How many replies they give.
        may_be_refused: Whether the connection stays open after an error reply, which every command of it may get.
    """

    packet: bytes
    replies: int
    may_be_refused: bool = False


@final
@dataclass(slots=True, eq=False)
class LinkFacts:
    """What has been learnt about the store through one connection.

    Attributes:
        ready: True when claims may be sent: the store is the one that was prepared.
        quarantined: True when the store is another than the one prepared; claims may be sent, and say so.
        identity: Identity of the store, 40 hexadecimal digits; empty until asked.
        claim_tail: The constant arguments of CLAIM, in RESP.
        since_ms: Server time at which another identity was first seen; 0 if never.
        now_ms: Server time when the store was asked.
    """

    ready: bool = False
    quarantined: bool = False
    identity: str = ""
    claim_tail: bytes = b""
    since_ms: int = 0
    now_ms: int = 0


class StoreValidator(Protocol):
    """What a guard asks about the server behind every new connection, and who judges the answers.

    Attributes:
        questions: Commands that only read; each may be refused.
    """

    questions: Exchange

    def obstacle(self, replies: Sequence[Any]) -> str | None:
        """Return why no claim may be sent to a server that gave these replies, or None."""


Step: TypeAlias = Open | bytes | Exchange | Claim
T = TypeVar("T")
Steps: TypeAlias = Generator[Step, Any, T]
