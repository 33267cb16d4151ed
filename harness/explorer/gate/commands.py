"""What the server itself says about its commands: which keys they name, and whether they may write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import redis

_SCRIPTS = frozenset({"EVAL", "EVALSHA", "EVAL_RO", "EVALSHA_RO", "FCALL", "FCALL_RO"})

SETUP = frozenset({"HELLO", "AUTH", "SELECT", "CLIENT", "RESET"})
"""Connection set-up: no step. RESET is among them because pools send it between two users."""

UNGATEABLE = {
    "MONITOR": "streams every command",
    "SUBSCRIBE": "waits for messages",
    "PSUBSCRIBE": "waits for messages",
    "SSUBSCRIBE": "waits for messages",
    "SYNC": "makes the client a replica",
    "PSYNC": "makes the client a replica",
}
"""Commands whose replies do not answer requests one to one, with the reason."""

_HARMLESS = frozenset({"PING", "ECHO", "TIME", "SCRIPT", "COMMAND"})
"""Commands without keys that read nothing another client could change, apart from the time."""

_BLOCKING = frozenset(
    {"BLPOP", "BRPOP", "BLMOVE", "BRPOPLPUSH", "BLMPOP", "BZPOPMIN", "BZPOPMAX", "BZMPOP"},
)


def blocks(words: Sequence[bytes]) -> bool:
    """Say whether a command may wait for another client: it cannot run while the gate holds everybody."""
    name = words[0].upper().decode("ascii", "replace")
    return name in _BLOCKING or (name in {"XREAD", "XREADGROUP"} and b"BLOCK" in {w.upper() for w in words[1:]})


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
        """Return the table of the server behind *client*."""
        # COMMAND's reply is the same plain array on every version; redis-py's own parsing of it is not.
        answer: Any = client.connection_pool.get_connection()
        try:
            answer.send_command("COMMAND")
            rows = answer.read_response()
        finally:
            client.connection_pool.release(answer)
        shapes = {}
        for row in rows:
            flags = {_text(flag) for flag in row[2]}
            shapes[_text(row[0]).upper()] = _Shape(int(row[3]), int(row[4]), int(row[5]), "write" in flags)
        return cls(shapes)

    def may_write(self, words: Sequence[bytes]) -> bool:
        """Say whether the command may write. Scripts and unknown commands may."""
        name = words[0].upper().decode("ascii", "replace")
        if name in _SCRIPTS:
            return not name.endswith("_RO")
        shape = self._shapes.get(name)
        return shape is None or shape.writes

    def keys(self, words: Sequence[bytes]) -> tuple[bytes, ...] | None:
        """Return the keys that the command names; None where it may touch what it does not name."""
        name = words[0].upper().decode("ascii", "replace")
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
