"""A Toxiproxy in a container stands between a client and a server of this machine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
import redis

from harness.containers.tests.engine_view import names
from harness.containers.tests.providers import IMAGE, TOXIPROXY_IMAGE, needs_redis_image, needs_toxiproxy_image
from harness.redis_server.redis_py import make_client
from harness.toxiproxy.errors import ToxiproxyUnavailableError
from harness.toxiproxy.server import open_toxiproxy

if TYPE_CHECKING:
    from harness.redis_server.server import RedisServer


@needs_toxiproxy_image
def test_a_toxiproxy_in_a_container_cuts_what_it_is_told_to(redis_server: RedisServer) -> None:
    """Commands pass, then none does, then they pass again; afterwards the engine knows no container of it."""
    before = names(os.getpid())
    with open_toxiproxy(f"container:{TOXIPROXY_IMAGE}") as toxiproxy:
        assert (toxiproxy.kind, toxiproxy.has_redis_rules) == ("container", False)
        proxy = toxiproxy.client.create(f"127.0.0.1:{redis_server.port}", "redis")
        client = make_client(f"redis://127.0.0.1:{proxy.port}", timeout_s=5.0)
        assert client.ping()
        with proxy.down(), pytest.raises(redis.ConnectionError):
            client.ping()
        assert client.ping()
        client.close()
        assert len(names(os.getpid())) == len(before) + 1
    assert names(os.getpid()) == before


@needs_redis_image
def test_a_container_that_is_no_toxiproxy_is_told_with_its_log() -> None:
    """The program that the image holds says itself what is wrong."""
    with (
        pytest.raises(ToxiproxyUnavailableError, match="expected a Toxiproxy to answer"),
        open_toxiproxy(f"container:{IMAGE}"),
    ):
        pass
