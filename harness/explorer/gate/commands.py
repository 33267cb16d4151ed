"""What the server itself says about its commands: which keys they name, and whether they may write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import redis

from harness.errors import CouldNotRunError
from harness.explorer.gate.resp import name_of

if TYPE_CHECKING:
    from collections.abc import Mapping

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


def block_limit_s(words: Sequence[bytes]) -> float | None:
    """Return for how long a command may wait for another client, infinity for ever; None where it never waits."""
    name = name_of(words[0])
    if name not in _LIMIT_AT and name not in _BLOCKING_READS:
        return None
    try:
        if name in _LIMIT_AT:
            return float(words[_LIMIT_AT[name]]) or float("inf")
        options = [word.upper() for word in words]
        return float(words[options.index(b"BLOCK") + 1]) / 1000 or float("inf") if b"BLOCK" in options else None
    except (IndexError, ValueError):
        # The server says what is wrong with it.
        return None


WITH_TEXT = frozenset({"EVAL", "EVAL_RO"})
"""Commands that bring the text of a script."""
_NOT_PLAIN = (
    SETUP | SUBSCRIBING | WITH_TEXT | UNGATEABLE.keys() | _LIMIT_AT.keys() | _BLOCKING_READS | {"MULTI", "SCRIPT"}
)
_SPELLINGS = 4096
"""Spellings of command names that are remembered at most."""
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


_Keys = Callable[[Sequence[bytes]], tuple[bytes, ...] | None]


@dataclass(frozen=True, slots=True)
class _Shape:
    first: int
    last: int
    step: int
    writes: bool


@dataclass(frozen=True, slots=True)
class Command:
    """What is known of a command by its name alone.

    Attributes:
        name: The name in capitals.
        is_plain: Whether it is a step as it stands, unless its connection is in a block or has subscribed: it sets
            nothing up, begins nothing, never waits, brings no script's text.
        may_write: Whether it may write. Scripts and unknown commands may.
        keys: Returns the keys that a request with these words names; None where it may touch what it does not name.
    """

    name: str
    is_plain: bool
    may_write: bool
    keys: _Keys

    @classmethod
    def of(cls, word: bytes, shapes: Mapping[str, _Shape]) -> Self:
        """Return what *shapes*, the server's table, says of the command that *word* names."""
        name = name_of(word)
        shape = shapes.get(name)
        writes = shape is None or shape.writes
        keys = _keys_in(shape)
        if name in _SCRIPTS:
            writes = not name.endswith("_RO")
            keys = _script_keys
        elif name in _HARMLESS:
            keys = _harmless_unless_flushing(keys)
        return cls(name, name not in _NOT_PLAIN, writes, keys)


class _Commands(dict[bytes, Command]):
    """What is known of a command, by its name in whatever case; found out when it is first looked up."""

    def __init__(self, shapes: Mapping[str, _Shape]) -> None:
        super().__init__()
        self._shapes = shapes

    def __missing__(self, word: bytes) -> Command:
        command = Command.of(word, self._shapes)
        if len(self) < _SPELLINGS:
            self[word] = command
        return command


class CommandTable:
    """The server's COMMAND table, asked once.

    Attributes:
        commands: What is known of the command that a request's first word names.
    """

    def __init__(self, shapes: dict[str, _Shape]) -> None:
        self.commands = _Commands(shapes)

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


_KEY_COUNT_AT = 2


def _keys_in(shape: _Shape | None) -> _Keys:
    if shape is None or shape.first <= 0:
        return _not_told
    if shape.first == shape.last == 1:
        return _first_key

    def keys(words: Sequence[bytes]) -> tuple[bytes, ...]:
        last = shape.last if shape.last >= 0 else len(words) + shape.last
        return tuple(words[shape.first : last + 1 : max(shape.step, 1)])

    return keys


def _not_told(_words: Sequence[bytes]) -> None:
    return None


def _first_key(words: Sequence[bytes]) -> tuple[bytes, ...]:
    return tuple(words[1:2])


def _harmless_unless_flushing(otherwise: _Keys) -> _Keys:
    return lambda words: otherwise(words) if words[-1].upper() == b"FLUSH" else ()


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
