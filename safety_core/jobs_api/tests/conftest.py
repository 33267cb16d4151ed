"""Fixtures of these tests: a server under its typed name, and an API on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from safety_core.jobs_api.tests.apis import Api

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from safety_core.tests.servers import Server


@pytest.fixture
def server(redis_server: Server) -> Server:
    """Return the server under its typed name."""
    return redis_server


@pytest.fixture
def api(server: Server, tmp_path: Path) -> Iterator[Api]:
    """Yield an API without cooldown."""
    with Api(server, tmp_path) as api:
        yield api
