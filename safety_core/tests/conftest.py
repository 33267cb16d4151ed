"""Fixtures of this room's tests: guards of both flavours on a prepared server, and a relay in between."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from safety_core.idempotency import GuardSettings
from safety_core.tests.guards import Guard
from safety_core.tests.relay import Relay
from safety_core.tests.servers import LEASE_S, LIFE_S, Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def server(redis_server: Server) -> Server:
    """Return the server under its typed name."""
    return redis_server


@pytest.fixture
def relay(server: Server) -> Iterator[Relay]:
    """Yield a relay in front of the server."""
    with Relay(server.port) as relay:
        yield relay


@pytest.fixture(params=["sync", "async"])
def flavour(request: pytest.FixtureRequest) -> str:
    """Return each flavour of the guard in turn."""
    name: str = request.param
    return name


@pytest.fixture
def make_guard(server: Server, flavour: str) -> Iterator[Callable[..., Guard]]:
    """Yield a maker of guards; they prepare the store unless told not to."""
    with ExitStack() as made:

        def make(*, url: str = "", prepared: bool = True, validator: Any = None, **options: Any) -> Guard:
            settings = GuardSettings(lease_s=LEASE_S, request_life_s=LIFE_S, **options)
            guard = Guard(flavour, url or server.url, settings, validator)
            made.callback(guard.close)
            if prepared:
                guard.prepare()
            return guard

        yield make


@pytest.fixture
def guard(make_guard: Callable[..., Guard]) -> Guard:
    """Return a guard with the default settings on a prepared server."""
    return make_guard()


@pytest.fixture
def relayed(make_guard: Callable[..., Guard], relay: Relay) -> Guard:
    """Return a guard whose every byte goes through the relay."""
    return make_guard(url=relay.url)
