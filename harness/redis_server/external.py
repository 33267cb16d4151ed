"""A Redis that is not ours: used, but never flushed, reconfigured, paused or stopped; only named keys are removed."""

from __future__ import annotations

import weakref
from itertools import islice
from typing import TYPE_CHECKING, Self

import redis

from harness.redis_server.errors import RedisUnavailableError
from harness.redis_server.identity import ServerIdentity
from harness.redis_server.redis_py import SOCKET_TIMEOUT_S, info, make_client

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_BATCH = 500


def name_and_version(server: Mapping[str, object]) -> tuple[str, str]:
    """Return ``redis`` or ``valkey``, and the version, as a server's INFO of the section ``server`` says."""
    name = str(server.get("server_name", "redis"))
    return name, str(server.get(f"{name}_version", server.get("redis_version", "")))


class ExternalRedis:
    """An external server behind the same small surface as an embedded one.

    Attributes:
        url: Where it is; may hold a password.
        has_clock: False: nobody moves this server's clock.
    """

    has_clock = False

    def __init__(self, url: str, *, shown: str | None = None) -> None:
        """Name the server at *url*; nothing is asked of it yet.

        Args:
            url: ``redis://``, ``rediss://`` or ``unix://``.
            shown: How messages name it; None means "the external Redis", because the URL may hold a password.
        """
        self.url = url
        self._shown = shown or "the external Redis"
        self._clients: weakref.WeakSet[redis.Redis] = weakref.WeakSet()

    def __enter__(self) -> Self:
        """Check that the server answers.

        Raises:
            RedisUnavailableError: It does not.
        """
        self.identity()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that :meth:`client` opened. The server and its keys stay as they are."""
        for client in list(self._clients):
            client.close()

    def client(self, *, timeout_s: float = SOCKET_TIMEOUT_S) -> redis.Redis:
        """Return a client that never retries by itself; :meth:`close` closes it.

        Args:
            timeout_s: Seconds to wait for a connect and for each reply.
        """
        client = make_client(self.url, timeout_s=timeout_s)
        self._clients.add(client)
        return client

    def identity(self) -> ServerIdentity:
        """Return what the report says of this server; its binary's digest is None.

        Raises:
            RedisUnavailableError: It does not answer, or refuses to.
        """
        client = self.client()
        try:
            server = info(client, "server")
        except redis.RedisError as error:
            raise RedisUnavailableError(
                f"Asked {self._shown} for INFO: expected an answer within {SOCKET_TIMEOUT_S:g} s, saw {error}. "
                "Check address, password and TLS, or use --redis embedded."
            ) from error
        finally:
            client.close()
        name, version = name_and_version(server)
        return ServerIdentity(name, version, None, str(server.get("run_id", "")))

    def remove_keys(self, keys: Iterable[str | bytes]) -> int:
        """UNLINK exactly *keys*, in batches of 500; return how many of them existed.

        Raises:
            RedisUnavailableError: The server went away; the message says how many keys were removed before.
        """
        client = self.client()
        left = iter(keys)
        removed = 0
        try:
            while batch := list(islice(left, _BATCH)):
                removed += int(client.unlink(*batch))
        except redis.RedisError as error:
            raise RedisUnavailableError(
                f"Removed {removed} keys of this run from {self._shown}, then saw {error}. Remove the rest by hand: "
                "the run's folder names the namespace."
            ) from error
        finally:
            client.close()
        return removed
