"""Fixtures of every part of the core: a server under its typed name, a relay before it, both flavours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from safety_core.tests.relay import Relay

if TYPE_CHECKING:
    from collections.abc import Iterator

    from safety_core.tests.servers import Server


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
    """Return each flavour in turn."""
    name: str = request.param
    return name
