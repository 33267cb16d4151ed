"""Processes that die or stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import redis

from harness.nemesis import server_kill, server_pause, worker_pause
from harness.nemesis.tests.case import Case
from harness.nemesis.tests.sites import DEADLINE_S, KEPT, KEY, ORDER, durable_server, one_worker
from harness.redis_server.redis_py import make_client
from verify.history.events import Complete

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


def does_not_work(site: Site) -> None:
    """Assert that the worker does not take up what it is given."""
    site.the_crew.give(site.worker, KEY, ORDER)
    with pytest.raises(Exception, match="not done"):
        site.the_crew.listen_until(lambda: site.the_crew.is_idle, deadline_s=0.2)


def works(site: Site) -> None:
    """Assert that the worker does what it was given."""
    site.the_crew.listen_until(lambda: site.the_crew.is_idle, deadline_s=DEADLINE_S)
    assert isinstance(site.the_crew.events[-1], Complete)


CASES = (
    Case(fault=server_kill.FAULT, site=durable_server, during=is_deaf, after=has_kept),
    Case(fault=server_pause.FAULT, site=durable_server, during=is_silent, after=has_kept),
    Case(fault=worker_pause.FAULT, site=one_worker, during=does_not_work, after=works),
)
