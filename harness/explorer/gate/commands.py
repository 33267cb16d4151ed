"""What the server itself says about its commands: which keys they name, and whether they may write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import redis

from harness.errors import CouldNotRunError
from harness.explorer.gate.resp import name_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_SCRIPTS = frozenset({"EVAL", "EVALSHA", "EVAL_RO", "EVALSHA_RO", "FCALL", "FCALL_RO"})

SETUP = frozenset({"HELLO", "AUTH", "SELECT", "CLIENT", "RESET"})
"""Connection set-up: no step. RESET is among them because pools send it between two users."""

UNGATEABLE = {
    "MONITOR": "streams every command",
    "SYNC": "makes the client a replica",
    "PSYNC": "makes the client a replica",
    "CLUSTER": "a client of a cluster asks, and schedules run on one server",
}
"""Commands that no gate can hold, with the reason."""

SUBSCRIBING = frozenset({"SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE"})
"""Commands after which messages come that nobody has asked for."""
OF_SUBSCRIBERS = SUBSCRIBING | {"UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE", "PING", "QUIT"}
"""What a connection that has subscribed may send."""

_HARMLESS = frozenset({"PING", "ECHO", "TIME", "SCRIPT", "COMMAND"})
"""Commands without keys that read nothing another client could change, apart from the time."""

_LIMIT_AT = {
    "BLPOP": -1,
    "BRPOP": -1,
    "BLMOVE": -1,
    "BRPOPLPUSH": -1,
    "BZPOPMIN": -1,
    "BZPOPMAX": -1,
    "BLMPOP": 1,
    "BZMPOP": 1,
}
"""Where each blocking command has its time limit in seconds."""
_BLOCKING_READS = frozenset({"XREAD", "XREADGROUP"})
BLOCKING = _BLOCKING_READS | _LIMIT_AT.keys()
"""Commands that may wait for another client."""


def block_limit_s(words: Sequence[bytes]) -> float | None:
    """Return for how long a command may wait for another client, infinity for ever; None where it never waits."""
    name = name_of(words[0])
    if name not in BLOCKING:
        return None
    try:
        if name in _LIMIT_AT:
            return float(words[_LIMIT_AT[name]]) or float("inf")
        options = [word.upper() for word in words]
        return float(words[options.index(b"BLOCK") + 1]) / 1000 or float("inf") if b"BLOCK" in options else None
    except (IndexError, ValueError):
        # The server says what is wrong with it.
        return None


_TELLING = frozenset({"SET", "SETNX", "DEL", "UNLINK", "EXPIRE", "PEXPIRE", "PERSIST", "HSETNX"})
"""Commands whose reply says how many changes they made: OK or a number, and nothing or 0 for none."""


def tells_its_changes(name: str, parts: Sequence[bytes]) -> bool:
    """Say whether a command's reply says how many changes it made; that of SET with GET is the old value."""
    return name in _TELLING and len(parts) == 1 and b"GET" not in parts[0].upper()


def changes_told(value: Any) -> int | None:
    """Return how many changes such a reply speaks of; None where it is an error."""
    if value is None:
        return 0
    if isinstance(value, int):
        return value
    return 1 if value == b"OK" else None


@dataclass(frozen=True, slots=True)
class _Shape:
    first: int
    last: int
    step: int
    writes: bool


class CommandTable:
    """The server's COMMAND table, asked once."""

    def __init__(self, shapes: dict[str, _Shape]) -> None:
        self._shapes = shapes

    @classmethod
    def ask(cls, client: redis.Redis) -> CommandTable:
        """Return the table of the server behind *client*.

        Raises:
            CouldNotRunError: The server does not give it to this user.
        """
        # COMMAND's reply is the same plain array on every version; redis-py's own parsing of it is not.
        answer: Any = client.connection_pool.get_connection()
        try:
            answer.send_command("COMMAND")
            rows = answer.read_response()
        except redis.ResponseError as error:
            raise CouldNotRunError(
                f"asked the Redis server for COMMAND, by which steps are told apart; expected its table, saw: {error}"
            ) from error
        finally:
            client.connection_pool.release(answer)
        shapes = {}
        for row in rows:
            flags = {_text(flag) for flag in row[2]}
            shapes[_text(row[0]).upper()] = _Shape(int(row[3]), int(row[4]), int(row[5]), "write" in flags)
        return cls(shapes)

    def may_write(self, words: Sequence[bytes]) -> bool:
        """Say whether the command may write. Scripts and unknown commands may."""
        name = name_of(words[0])
        if name in _SCRIPTS:
            return not name.endswith("_RO")
        shape = self._shapes.get(name)
        return shape is None or shape.writes

    def keys(self, words: Sequence[bytes]) -> tuple[bytes, ...] | None:
        """Return the keys that the command names; None where it may touch what it does not name."""
        name = name_of(words[0])
        if name in _SCRIPTS:
            return _script_keys(words)
        if name in _HARMLESS and words[-1].upper() != b"FLUSH":
            return ()
        shape = self._shapes.get(name)
        if shape is None or shape.first <= 0:
            return None
        last = shape.last if shape.last >= 0 else len(words) + shape.last
        return tuple(words[shape.first : last + 1 : max(shape.step, 1)])


_KEY_COUNT_AT = 2


def _script_keys(words: Sequence[bytes]) -> tuple[bytes, ...] | None:
    try:
        count = int(words[_KEY_COUNT_AT])
    except (IndexError, ValueError):
        return None
    if count == 0:
        return None
    return tuple(words[_KEY_COUNT_AT + 1 : _KEY_COUNT_AT + 1 + count])


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
