"""The one place that meets redis-py: how to reach the server, and what its exceptions say of a command.

Connections are our own: never from the caller's pool, never with retries inside, always with short timeouts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import redis
import redis.asyncio.connection as aio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.connection import Connection, SSLConnection, UnixDomainSocketConnection, parse_url
from redis.retry import Retry

from .errors import SettingsError
from .settings import GuardSettings, Mode
from .store_failure import StoreFailure

_parse_url: Any = parse_url
_KEPT = ("db", "username", "password", "credential_provider")
_KEPT_TCP = ("host", "port", "socket_keepalive", "socket_keepalive_options", "socket_type")


@dataclass(frozen=True, slots=True)
class Address:
    """How to reach the server.

    Attributes:
        kind: `unix`, `ssl` or `tcp`.
        options: What a connection of that kind is made with.
    """

    kind: str
    options: dict[str, Any]


def address_of(source: Any, settings: GuardSettings) -> Address:
    """Derive how to reach the server from a client of redis-py (blocking or asyncio) or from a URL.

    Host, database, credentials and TLS are taken over; retries, timeouts, caches and decoding are not.

    Raises:
        SettingsError: `source` is neither, the URL cannot be read, or the client asks Sentinel for its address.
    """
    if isinstance(source, str):
        try:
            known: dict[str, Any] = dict(_parse_url(source))
        except ValueError as error:
            raise SettingsError(f"redis is a URL that cannot be read: {error}") from None
        secure = known.get("connection_class") is SSLConnection
    elif hasattr(source, "connection_pool"):
        pool = source.connection_pool
        if hasattr(pool, "sentinel_manager"):
            raise SettingsError(
                "redis is a client of Sentinel, which has no address of its own; expected the primary's"
            )
        known = pool.connection_kwargs
        made_with = pool.connection_class
        secure = isinstance(made_with, type) and issubclass(made_with, SSLConnection | aio.SSLConnection)
    else:
        raise SettingsError(f"redis is a {type(source).__name__}; expected a redis.Redis client or a URL")
    options = {name: known[name] for name in _KEPT if known.get(name) is not None}
    wait_s = settings.wait_ms / 1000 if settings.mode is Mode.DURABLE else 0.0
    options["socket_connect_timeout"] = settings.connect_timeout_s
    options["socket_timeout"] = settings.socket_timeout_s + wait_s
    options["protocol"] = 2
    options["driver_info"] = None
    if known.get("path"):
        options["path"] = known["path"]
        return Address("unix", options)
    options.update({name: known[name] for name in _KEPT_TCP if known.get(name) is not None})
    if secure:
        options.update({name: value for name, value in known.items() if name.startswith("ssl_")})
    return Address("ssl" if secure else "tcp", options)


_BLOCKING: dict[str, Any] = {"unix": UnixDomainSocketConnection, "ssl": SSLConnection, "tcp": Connection}
_ASYNC: dict[str, Any] = {
    "unix": aio.UnixDomainSocketConnection,
    "ssl": aio.SSLConnection,
    "tcp": aio.Connection,
}


class Wire(Protocol):
    """What the guard uses of a blocking connection of redis-py, with the types that redis-py leaves out."""

    _sock: Any
    _parser: Any
    retry: Retry

    def connect(self) -> None:
        """Connect and greet."""

    def disconnect(self) -> None:
        """Close the socket."""


def make_connection(address: Address) -> Wire:
    """Return a new blocking connection, not yet connected."""
    connection: Wire = _BLOCKING[address.kind](**address.options)
    if connection.retry.get_retries():
        # redis-py retries nothing where it is told nothing, and copies deeply what it is told, for every connection.
        connection.retry = Retry(NoBackoff(), 0)
    return connection


class AsyncWire(Protocol):
    """What the guard uses of an asyncio connection of redis-py, with the types that redis-py leaves out."""

    @property
    def is_connected(self) -> bool:
        """Whether the connection is up."""

    async def connect(self) -> None:
        """Connect and greet."""

    async def disconnect(self, nowait: bool = False) -> None:
        """Close the transport; `nowait` does not wait until it is closed."""

    async def send_packed_command(self, command: tuple[bytes, ...], check_health: bool) -> None:
        """Send bytes."""

    async def read_response(self, *, disconnect_on_error: bool = True) -> Any:
        """Read one reply."""


def make_async_connection(address: Address) -> AsyncWire:
    """Return a new asyncio connection, not yet connected."""
    connection: AsyncWire = _ASYNC[address.kind](retry=AsyncRetry(NoBackoff(), 0), **address.options)
    return connection


def connect_failure(error: Exception) -> StoreFailure:
    """Return what a failure to connect says: nothing of ours was sent, so nothing was applied."""
    code = _code(error) if isinstance(error, redis.ResponseError | redis.AuthenticationError) else "CONNECT"
    if isinstance(error, redis.exceptions.BusyLoadingError):
        code = "LOADING"
    return StoreFailure(applied_unknown=False, code=code, error=error)


def command_failure(error: Exception) -> StoreFailure:
    """Return what an exception while sending or reading says about the command.

    An error reply is the server's own word that the command did nothing; everything else leaves it open.
    """
    if isinstance(error, redis.ResponseError | redis.AuthenticationError | redis.exceptions.AuthorizationError):
        return StoreFailure(applied_unknown=False, code=_code(error), error=error)
    if isinstance(error, redis.exceptions.BusyLoadingError):
        return StoreFailure(applied_unknown=False, code="LOADING", error=error)
    code = "TIMEOUT" if isinstance(error, redis.TimeoutError | TimeoutError) else "LOST"
    return StoreFailure(applied_unknown=True, code=code, error=error)


_CODE_OF = {
    redis.exceptions.NoScriptError: "NOSCRIPT",
    redis.exceptions.OutOfMemoryError: "OOM",
    redis.exceptions.ReadOnlyError: "READONLY",
    redis.exceptions.NoPermissionError: "NOPERM",
    redis.exceptions.MasterDownError: "MASTERDOWN",
    redis.exceptions.ClusterDownError: "CLUSTERDOWN",
    redis.exceptions.TryAgainError: "TRYAGAIN",
    redis.exceptions.AuthenticationError: "NOAUTH",
}


def _code(error: Exception) -> str:
    known = _CODE_OF.get(type(error))
    if known is not None:
        return known
    first = str(error).partition(" ")[0]
    return first if first.isupper() and first.isalpha() else "ERR"
