"""Servers that die or stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import redis

from harness.nemesis import server_kill, server_pause
from harness.nemesis.tests.case import Case
from harness.nemesis.tests.sites import KEPT, KEY, durable_server
from harness.redis_server.redis_py import make_client

if TYPE_CHECKING:
    from harness.nemesis.site import Site


def is_deaf(site: Site) -> None:
    """Assert that nobody answers at the server's address."""
    with make_client(site.the_server.url, timeout_s=0.1) as client, pytest.raises(redis.ConnectionError):
        client.ping()


def is_silent(site: Site) -> None:
    """Assert that the server takes a connection and does not answer."""
    with make_client(site.the_server.url, timeout_s=0.1) as client, pytest.raises(redis.TimeoutError):
        client.ping()


def has_kept(site: Site) -> None:
    """Assert that the server holds what it held."""
    assert site.the_server.client().get(KEY) == KEPT


CASES = (
    Case(fault=server_kill.FAULT, site=durable_server, during=is_deaf, after=has_kept),
    Case(fault=server_pause.FAULT, site=durable_server, during=is_silent, after=has_kept),
)
