"""Fixtures of this room's tests: breakers of both flavours, an audit and its disk."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from safety_core.job_safety.retry_audit import RetryAudit
from safety_core.job_safety.tests.audits import Calendar, FullDisk
from safety_core.job_safety.tests.breakers import Breaker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from safety_core.tests.servers import Server


@pytest.fixture
def make_breaker(server: Server, flavour: str) -> Iterator[Callable[..., Breaker]]:
    """Yield a maker of breakers."""
    with ExitStack() as made:

        def make(url: str = "", **options: Any) -> Breaker:
            breaker = Breaker(flavour, url or server.url, **options)
            made.callback(breaker.close)
            return breaker

        yield make


@pytest.fixture
def breaker(make_breaker: Callable[..., Breaker]) -> Breaker:
    """Return a breaker with an exchange above its job types."""
    return make_breaker(exchange="binance")


@pytest.fixture
def calendar() -> Calendar:
    """Return a time."""
    return Calendar()


@pytest.fixture
def disk() -> FullDisk:
    """Return a disk that is not full yet."""
    return FullDisk()


@pytest.fixture
def audit(tmp_path: Path, calendar: Calendar, disk: FullDisk) -> RetryAudit:
    """Return an audit in a folder of its own."""
    return RetryAudit(tmp_path / "audit", now=calendar, disk=disk)
