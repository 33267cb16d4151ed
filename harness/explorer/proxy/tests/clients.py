"""Guards that send the same commands through different clients, as files: each answers what the client was told."""

from __future__ import annotations

from textwrap import dedent, indent

_SYNC = """
from {package}.backoff import NoBackoff
from {package}.retry import Retry
from {package} import {name}

def make(redis_url, lease_s):
    client = {name}.from_url(redis_url, protocol={protocol}, retry=Retry(NoBackoff(), 0), socket_timeout={limit_s})

    def guard(key, payload, effect):
{body}
    return guard
"""

_ASYNC = """
from {package}.backoff import NoBackoff
from {package}.asyncio.retry import Retry
from {package}.asyncio import {name}

def make(redis_url, lease_s):
    async def guard(key, payload, effect):
        async with {name}.from_url(
            redis_url, protocol={protocol}, retry=Retry(NoBackoff(), 0), socket_timeout={limit_s}
        ) as client:
{body}
    return guard
"""

_COREDIS = """
import coredis
from coredis.retry import NoRetryPolicy

def make(redis_url, lease_s):
    async def guard(key, payload, effect):
        async with coredis.Redis.from_url(redis_url, retry_policy=NoRetryPolicy(), stream_timeout=5) as client:
{body}
    return guard
"""

REDIS_PY, VALKEY_PY = ("redis", "Redis"), ("valkey", "Valkey")


def sync_guard(client: tuple[str, str], body: str, *, protocol: int = 3, limit_s: float | None = 5) -> str:
    """Return a guard whose *body* uses a blocking ``client``."""
    package, name = client
    return _SYNC.format(
        package=package, name=name, protocol=protocol, limit_s=limit_s, body=indent(dedent(body), " " * 8)
    )


def async_guard(client: tuple[str, str], body: str, *, protocol: int = 3, limit_s: float | None = 5) -> str:
    """Return a guard whose *body* uses an asynchronous ``client``."""
    package, name = client
    return _ASYNC.format(
        package=package, name=name, protocol=protocol, limit_s=limit_s, body=indent(dedent(body), " " * 12)
    )


def coredis_guard(body: str) -> str:
    """Return a guard whose *body* uses coredis, which is asynchronous and speaks RESP3."""
    return _COREDIS.format(body=indent(dedent(body), " " * 12))
