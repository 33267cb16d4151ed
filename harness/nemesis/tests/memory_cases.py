"""Servers that run out of memory, disk, buffers or patience."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import redis

from harness.nemesis import disk_full, eviction, oom, output_buffer_cut, slow_command
from harness.nemesis.tests.case import Case
from harness.nemesis.tests.process_cases import has_kept, is_deaf
from harness.nemesis.tests.sites import KEY, durable_server, flushing_server, missing_mount, mortal_key, one_server
from harness.redis_server.redis_py import make_client

if TYPE_CHECKING:
    from harness.nemesis.site import Site

_LONG = ["." * 1000] * 2000


def has_evicted(site: Site) -> None:
    """Assert that the struck key is gone."""
    assert site.the_server.client().exists(KEY) == 0


def evicts_no_more(site: Site) -> None:
    """Assert that what the key held stays lost, that nothing else is left, and that memory is free again."""
    client = site.the_server.client()
    assert client.dbsize() == 0
    assert client.info("memory")["maxmemory"] == 0


def refuses_writes(site: Site) -> None:
    """Assert that a write is refused for want of memory, and a read is answered."""
    with pytest.raises(redis.exceptions.OutOfMemoryError):
        site.the_server.client().set("more", "data")
    has_kept(site)


def takes_writes(site: Site) -> None:
    """Assert that writes are taken, and that nothing was left."""
    client = site.the_server.client()
    assert client.dbsize() == 1
    assert client.set("more", "data")
    has_kept(site)


def cannot_write_down(site: Site) -> None:
    """Assert that a write is refused for want of disk, and a read is answered."""
    with pytest.raises(redis.ResponseError, match="MISCONF"):
        site.the_server.client().set("more", "data")
    has_kept(site)


def writes_down(site: Site) -> None:
    """Assert that a write survives the server's death, and that no disk is left."""
    takes_writes(site)
    server = site.own_server
    assert not server.append_only_file().parent.is_mount()
    server.restart()
    assert server.client().get("more") == b"data"
    has_kept(site)


def has_ended(site: Site) -> None:
    """Assert that the server is gone, as one that must fsync each write and cannot."""
    is_deaf(site)


def does_nothing_else(site: Site) -> None:
    """Assert that nobody is served: no answer at all, or BUSY."""
    with make_client(site.the_server.url, timeout_s=0.1) as client, pytest.raises(redis.RedisError) as seen:
        client.get(KEY)
    assert isinstance(seen.value, redis.TimeoutError) or "BUSY" in str(seen.value).upper()


def cuts_long_replies(site: Site) -> None:
    """Assert that a long list cannot be read, and a short one can."""
    client = site.the_server.client()
    client.rpush("long", *_LONG)
    with pytest.raises(redis.ConnectionError):
        client.lrange("long", 0, -1)
    has_kept(site)


def gives_long_replies(site: Site) -> None:
    """Assert that the long list can be read."""
    assert len(site.the_server.client().lrange("long", 0, -1)) == len(_LONG)


CASES = (
    *(
        Case(
            fault=eviction.FAULT,
            site=mortal_key,
            during=has_evicted,
            after=evicts_no_more,
            arguments={"policy": policy},
            variant=policy,
        )
        for policy in eviction.POLICIES
    ),
    Case(fault=oom.FAULT, site=one_server, during=refuses_writes, after=takes_writes),
    Case(
        fault=disk_full.FAULT,
        site=flushing_server,
        during=cannot_write_down,
        after=writes_down,
        variant="everysec",
        missing=missing_mount,
    ),
    Case(
        fault=disk_full.FAULT,
        site=durable_server,
        during=has_ended,
        after=writes_down,
        variant="always",
        missing=missing_mount,
    ),
    Case(fault=output_buffer_cut.FAULT, site=one_server, during=cuts_long_replies, after=gives_long_replies),
    *(
        Case(
            fault=slow_command.FAULT,
            site=one_server,
            during=does_nothing_else,
            after=has_kept,
            arguments={"silent_ms": silent_ms},
            variant=word,
        )
        for word, silent_ms in (("silent", 2000), ("busy", 1))
    ),
)
