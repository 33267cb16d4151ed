"""Who runs the protocol leaves nothing of it behind, whatever ends the call."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING

import pytest

from safety_core.idempotency import Claim, EffectType, GuardSettings
from safety_core.idempotency.async_link import AsyncDriver, AsyncLinkPool
from safety_core.idempotency.connection import address_of
from safety_core.idempotency.link import Driver, LinkPool

if TYPE_CHECKING:
    from safety_core.idempotency.steps import Steps

_CLAIM = Claim("key", "ord-1", EffectType.ORDER, 1, "token", 1, 2)
_ADDRESS = address_of("redis://127.0.0.1:1", GuardSettings())


class _StoppedError(BaseException):
    """No Exception, as what interrupts a program."""


def _inner() -> Steps[None]:
    yield _CLAIM


def _protocol() -> Steps[None]:
    yield from _inner()


def _perform(_claim: Claim) -> None:
    raise _StoppedError


def test_interrupted_call_ends_its_protocol() -> None:
    """Left to the collector, which may come to an inner part first, Python would complain that it is executing."""
    steps = _protocol()
    with pytest.raises(_StoppedError):
        Driver(LinkPool(_ADDRESS)).run(steps, _perform)
    assert inspect.getgeneratorstate(steps) == inspect.GEN_CLOSED


def test_interrupted_call_on_asyncio_ends_its_protocol() -> None:
    """The same."""
    steps = _protocol()

    async def call() -> None:
        await AsyncDriver(AsyncLinkPool(_ADDRESS)).run(steps, _perform)

    with pytest.raises(_StoppedError):
        asyncio.run(call())
    assert inspect.getgeneratorstate(steps) == inspect.GEN_CLOSED
