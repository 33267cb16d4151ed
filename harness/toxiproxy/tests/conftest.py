"""The servers that the conformance suite runs against: the embedded one, and the real one where there is one."""

from __future__ import annotations

import importlib.util
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from harness.toxiproxy.server import ToxiproxyServer, open_toxiproxy
from harness.toxiproxy.tests.route import Route, routed

if TYPE_CHECKING:
    from collections.abc import Iterator

REAL = "STORMPROOF_TOXIPROXY"
"""Names the real server's binary; ``.ci/toxiproxy`` builds one."""


@pytest.fixture(scope="module", params=["asyncio", "uvloop", "real"])
def toxiproxy(request: pytest.FixtureRequest) -> Iterator[ToxiproxyServer]:
    """Yield a running server: the embedded one on either event loop, then the real one."""
    choice, loop = "embedded", request.param
    if loop == "uvloop" and importlib.util.find_spec("uvloop") is None:
        pytest.skip("uvloop is not installed")
    if loop == "real":
        choice, loop = os.environ.get(REAL) or shutil.which("toxiproxy-server") or "", "fastest"
        if not choice:
            pytest.skip(f"no real Toxiproxy: neither {REAL} nor toxiproxy-server on PATH")
    with open_toxiproxy(choice, run_seed=7, loop=loop) as server:
        yield server


@pytest.fixture(scope="module")
def embedded() -> Iterator[ToxiproxyServer]:
    """Yield an embedded server."""
    with open_toxiproxy(run_seed=7) as server:
        yield server


@pytest.fixture
def route(toxiproxy: ToxiproxyServer) -> Iterator[Route]:
    """Yield a proxy in front of a listener that the test accepts from."""
    with routed(toxiproxy.client) as path:
        yield path
