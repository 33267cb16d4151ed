"""Ways between workers, primary and replica that go bad."""

from __future__ import annotations

import socket
from functools import partial
from typing import TYPE_CHECKING

import pytest
import redis

from harness import clock
from harness.nemesis import (
    bandwidth,
    command_reply_lost,
    half_open,
    jitter,
    latency,
    partition_replica,
    partition_workers,
    reset,
    slicing,
)
from harness.nemesis.tests.case import Case
from harness.nemesis.tests.sites import KEPT, KEY, proxied_pair, proxied_server
from harness.redis_server.redis_py import make_client

if TYPE_CHECKING:
    from harness.nemesis.site import Site

_NEW = "written-inside"


def takes_at_least(site: Site, *, seconds: float, size: int = 1) -> None:
    """Assert that an ECHO takes some time, and that the same one past the proxy is answered."""
    site.own_server.client(tcp=True).echo("." * size)
    with make_client(site.url_through_proxy) as client:
        client.ping()
        began_ns = clock.elapsed_ns()
        assert client.echo("." * size) == b"." * size
        assert clock.elapsed_ns() - began_ns >= seconds * 1e9


def works_through(site: Site) -> None:
    """Assert that the way is clear: no toxic is left, and a reply comes."""
    assert site.the_proxy.toxics() == {}
    assert site.the_proxy.refresh().enabled
    with make_client(site.url_through_proxy) as client:
        assert client.get(KEY) == KEPT


def is_lost(site: Site, *, arrives: bool) -> None:
    """Assert that a write through the proxy is not answered, and whether the server did it."""
    client = site.the_server.client()
    with socket.create_connection(("127.0.0.1", site.the_proxy.port)) as way:
        way.sendall(b"SET written-inside data\r\n")
        way.settimeout(0.2)
        with pytest.raises(TimeoutError):
            way.recv(1)
        assert (client.get(_NEW) == b"data") is arrives


def is_done_and_not_answered(site: Site) -> None:
    """Assert that a SET through the proxy ends with a lost connection, and that the server did it."""
    with make_client(site.url_through_proxy) as client:
        assert client.ping()
        with pytest.raises(redis.ConnectionError):
            client.set(_NEW, "data")
    assert site.the_server.client().get(_NEW) == b"data"


def is_reset(site: Site) -> None:
    """Assert that a connection through the proxy ends, and one past it holds."""
    with make_client(site.url_through_proxy) as client, pytest.raises(redis.ConnectionError):
        client.ping()
    assert site.the_server.client().ping()


def new_connections_hold(site: Site) -> None:
    """Assert that only the connections that were open are struck."""
    with make_client(site.url_through_proxy) as client:
        assert client.get(KEY) == KEPT


def falls_behind(site: Site) -> None:
    """Assert that a write does not reach the replica."""
    primary = site.the_server.client()
    primary.set(_NEW, "data")
    assert primary.wait(1, 200) == 0


def catches_up(site: Site) -> None:
    """Assert that the replica has what was written inside."""
    site.the_pair.wait_in_sync()
    assert site.the_pair.replica.client().get(_NEW) == b"data"
    assert site.the_replication.toxics() == {}


CASES = (
    Case(
        fault=command_reply_lost.FAULT,
        site=proxied_server,
        during=is_done_and_not_answered,
        after=works_through,
        arguments={"command": "set"},
    ),
    Case(
        fault=latency.FAULT,
        site=proxied_server,
        during=partial(takes_at_least, seconds=0.05),
        after=works_through,
        arguments={"milliseconds": 51},
    ),
    Case(
        fault=latency.FAULT,
        site=proxied_server,
        during=partial(takes_at_least, seconds=0.05),
        after=works_through,
        arguments={"milliseconds": 51, "stream": "upstream"},
        variant="upstream",
    ),
    Case(fault=jitter.FAULT, site=proxied_server, during=partial(takes_at_least, seconds=0), after=works_through),
    Case(
        fault=bandwidth.FAULT,
        site=proxied_server,
        during=partial(takes_at_least, seconds=0.05, size=1000),
        after=works_through,
    ),
    Case(
        fault=slicing.FAULT,
        site=proxied_server,
        during=partial(takes_at_least, seconds=0.05, size=160),
        after=works_through,
    ),
    Case(fault=reset.FAULT, site=proxied_server, during=is_reset, after=works_through),
    Case(fault=half_open.FAULT, site=proxied_server, during=new_connections_hold, after=works_through),
    *(
        Case(
            fault=partition_workers.FAULT,
            site=proxied_server,
            during=partial(is_lost, arrives=direction == "replies"),
            after=works_through,
            arguments={"direction": direction},
            variant=direction,
        )
        for direction in ("both", "requests", "replies")
    ),
    Case(fault=partition_replica.FAULT, site=proxied_pair, during=falls_behind, after=catches_up),
)
