"""The venue's protocol: one JSON object per line, one request per connection, one reply or none.

Holds no state. A connection that closes without a reply says nothing about the effect, and no code here may read
anything into it.
"""

from __future__ import annotations

import json
import socket
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from harness.venue.errors import EffectRejected, EffectTimeout, VenueError
from harness.venue.mischief import Mischief, MischiefKind
from harness.venue.venue import EffectRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

Message = dict[str, Any]

LONGEST_LINE = 16 * 1024 * 1024
"""Bytes of the longest request that the venue reads."""


TCP = "tcp:"
"""What the address of a venue begins with that is reached from other machines."""


class NoReplyError(Exception):
    """The request was sent, at least in part, and no complete reply came."""


def exchange(path: str, message: Message, timeout_s: float | None) -> Any:
    """Send *message* to the venue at *path* and return its answer's value.

    Args:
        path: Its unix socket, or ``tcp:HOST:PORT``.
        message: What to ask.
        timeout_s: Seconds to wait for the reply; None: as long as the venue lives.

    Raises:
        ConnectionRefusedError: Nobody listens: the request was certainly not sent.
        NoReplyError: The connection closed, or the time ran out.
        EffectRejected, VenueError, ValueError, KeyError: What the venue answered.
    """
    try:
        # A unix socket connects at once or not at all; a full queue says EAGAIN, a removed file ENOENT.
        connection = _connected(path, timeout_s)
    except OSError as error:
        raise ConnectionRefusedError(f"Tried to reach the venue at {path}: {error}. Nothing was sent.") from error
    with connection:
        try:
            connection.sendall(json.dumps(message, allow_nan=False).encode("ascii") + b"\n")
            reply = _read_line(connection)
        except OSError as error:
            raise NoReplyError(f"no reply from the venue at {path}: {type(error).__name__} {error}") from error
    if not reply.endswith(b"\n"):
        raise NoReplyError(f"the venue at {path} closed the connection without a reply")
    answer = json.loads(reply)
    if "failure" in answer:
        raise failure_from(answer["failure"])
    return answer["value"]


def _connected(path: str, timeout_s: float | None) -> socket.socket:
    if path.startswith(TCP):
        host, _, port = path.removeprefix(TCP).rpartition(":")
        return socket.create_connection((host.strip("[]"), int(port)), timeout_s)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout_s)
        connection.connect(path)
    except BaseException:
        connection.close()
        raise
    return connection


def _read_line(connection: socket.socket) -> bytes:
    parts: list[bytes] = []
    while part := connection.recv(65536):
        parts.append(part)
        if part.endswith(b"\n"):
            break
    return b"".join(parts)


def request_to(request: EffectRequest) -> Message:
    """Return *request* as a message."""
    return {"do": "effect", **asdict(request)}


def request_from(message: Mapping[str, Any]) -> EffectRequest:
    """Return the request in *message*.

    Raises:
        ValueError: A field is missing or unknown.
    """
    try:
        return EffectRequest(**{name: value for name, value in message.items() if name != "do"})
    except TypeError as error:
        raise ValueError(f"an effect request does not fit its fields: {error}") from error


def mischief_from(stored: Mapping[str, Any]) -> Mischief:
    """Return the mischief that ``dataclasses.asdict`` stored.

    Raises:
        ValueError: It could not happen.
    """
    return Mischief(**{**stored, "kind": MischiefKind(stored["kind"])})


def failure_to(error: Exception) -> Message:
    """Return *error* as the answer that raises it again at the other end."""
    failure: Message = {"type": type(error).__name__, "message": str(error.args[0] if error.args else error)}
    if isinstance(error, EffectRejected):
        failure |= {"status": error.status, "code": error.code}
    elif isinstance(error, VenueError):
        failure |= {
            "status": error.status,
            "code": error.code,
            "definite": error.definite,
            "retry_after_s": error.retry_after_s,
        }
    return failure


def failure_from(failure: Mapping[str, Any]) -> Exception:
    """Return the exception that :func:`failure_to` stored."""
    fields = dict(failure)
    kind, message = fields.pop("type"), fields.pop("message")
    match kind:
        case "EffectRejected":
            return EffectRejected(message, **fields)
        case "VenueError":
            return VenueError(message, **fields)
        case "EffectTimeout":
            return EffectTimeout(message)
        case "KeyError":
            return KeyError(message)
        case _:
            return ValueError(message)
