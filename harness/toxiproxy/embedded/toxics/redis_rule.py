"""The toxic ``redis_rule``, which Toxiproxy has not: strike the nth command that matches, or the reply to it.

On stream ``upstream`` it acts on the request, before the server sees it; on ``downstream`` (the default) on the
reply, so the command was applied. It stands next to the server, behind every other toxic of either direction.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, ClassVar

from harness.toxiproxy.embedded.stub import pass_on
from harness.toxiproxy.embedded.toxics.toxic import ByteToxic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.toxiproxy.embedded.stub import Stub

_ACTIONS = ("drop", "delay", "error", "cut")


@dataclass(frozen=True)
class RedisRule(ByteToxic):
    """Which command is struck, and how.

    Attributes:
        command: Name of the command; empty means any.
        key: A pattern (``*``, ``?``, ``[...]``) that one of the arguments must match; empty means any.
        connection: Number of the connection at this proxy, from 1; 0 means any.
        nth: Which match is the first to be struck, from 1.
        times: How many matches in a row are struck; 0 means all from the nth on.
        action: ``drop`` swallows the request or the reply, ``delay`` holds it and all behind it, ``error`` answers an
            error in its place, ``cut`` closes the connection instead.
        delay: Milliseconds, for ``delay``.
        message: The error's text, for ``error``.
    """

    TYPE: ClassVar[str] = "redis_rule"
    GO_NAME: ClassVar[str] = "RedisRule"

    command: str = ""
    key: str = ""
    connection: int = 0
    nth: int = 1
    times: int = 1
    action: str = ""
    delay: int = 0
    message: str = "ERR struck by a redis_rule"

    def __post_init__(self) -> None:
        """Raise ValueError where the rule can never do what it says."""
        if self.action not in _ACTIONS:
            raise ValueError(f"redis_rule: action must be one of {', '.join(_ACTIONS)}; saw {self.action!r}")
        if self.nth < 1 or self.times < 0 or self.delay < 0 or self.connection < 0:
            raise ValueError("redis_rule: nth must be 1 or more; times, delay and connection must be 0 or more")
        if "\r" in self.message or "\n" in self.message:
            raise ValueError("redis_rule: message must be one line")

    async def pipe(self, stub: Stub) -> None:
        """Let every byte pass: a rule works on commands, not on bytes."""
        await pass_on(stub)

    def matches(self, words: Sequence[bytes], connection: int) -> bool:
        """Return whether the command *words* on connection number *connection* is one that this rule counts."""
        if self.connection not in {0, connection}:
            return False
        if self.command and words[0].upper() != self.command.upper().encode():
            return False
        return not self.key or any(fnmatchcase(word.decode("latin-1"), self.key) for word in words[1:])


@dataclass(slots=True)
class Tally:
    """What a rule has seen; it can be read with the toxic, and is the witness that it bit.

    Attributes:
        matched: Commands that matched.
        struck: Commands or replies that were really struck.
        unfollowed: Connections whose bytes could not be cut into commands, so that the rule cannot act there.
    """

    matched: int = 0
    struck: int = 0
    unfollowed: int = 0
