"""Fixtures of this room's tests: guards of both flavours on a prepared server, and a relay in between."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from safety_core.idempotency import GuardSettings
from safety_core.tests.guards import Guard
from safety_core.tests.servers import LEASE_S, LIFE_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from safety_core.tests.relay import Relay
    from safety_core.tests.servers import Server


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
