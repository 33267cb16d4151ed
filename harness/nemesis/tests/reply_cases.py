"""Single replies that are lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import redis

from harness.nemesis import replies_lost
from harness.nemesis.tests.case import Case
from harness.nemesis.tests.network_cases import works_through
from harness.nemesis.tests.sites import proxied_server
from harness.redis_server.redis_py import make_client

if TYPE_CHECKING:
    from harness.nemesis.site import Site


def every_second_is_lost(site: Site) -> None:
    """Assert that every second INCRBY is done without an answer, and the others are answered."""
    answered = []
    for _ in range(5):
        with make_client(site.url_through_proxy) as client:
            try:
                answered.append(client.incr("count"))
            except redis.ConnectionError:
                answered.append(None)
    assert answered == [1, None, 3, None, 5]


def others_hold(site: Site) -> None:
    """Assert that the connection ends at the second INCRBY and at no other command, and that each was done."""
    with make_client(site.url_through_proxy) as client:
        assert client.incr("count") == 1
        assert client.set("other", "data")
        with pytest.raises(redis.ConnectionError):
            client.incr("count")
    every_second = site.the_server.client().get("count")
    assert every_second == b"2"


CASES = (
    Case(
        fault=replies_lost.FAULT,
        site=proxied_server,
        during=every_second_is_lost,
        after=works_through,
        arguments={"command": "INCRBY", "every": 2, "times": 2},
    ),
    Case(
        fault=replies_lost.FAULT,
        site=proxied_server,
        during=others_hold,
        after=works_through,
        arguments={"command": "INCRBY", "every": 2, "times": 1},
        variant="one",
    ),
)
