"""The one place where redis-py's partial annotations are met. Every client made here tries once and gives up soon."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

if TYPE_CHECKING:
    from collections.abc import Mapping

SOCKET_TIMEOUT_S = 5.0
"""Longest wait for one reply, and for one connect, of a harness client."""


def make_client(url: str, *, timeout_s: float = SOCKET_TIMEOUT_S) -> redis.Redis:
    """Return a client of *url* that never repeats a command by itself (redis-py's own default repeats 10 times).

    Args:
        url: ``redis://``, ``rediss://`` or ``unix://``.
        timeout_s: Seconds to wait for a connect and for a reply.
    """
    return redis.Redis.from_url(
        url,
        retry=Retry(NoBackoff(), 0),
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        decode_responses=False,
    )


def info(client: redis.Redis, section: str) -> Mapping[str, object]:
    """Return one section of INFO as redis-py parses it."""
    return cast("Mapping[str, object]", client.info(section))
