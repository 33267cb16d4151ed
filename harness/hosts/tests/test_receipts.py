"""What an effect gives a guard that runs in our Python host: a plain dict, which a coroutine may also await."""

from __future__ import annotations

import asyncio
from typing import Any

from harness.hosts.stormproof_host.loop import awaitable_in_coroutines, is_awaitable

RECEIPT = {"receipt_id": "k0/1"}


def test_blocking_guard_gets_the_receipt_as_it_came() -> None:
    """Codecs that know plain dicts only take it."""
    assert awaitable_in_coroutines(RECEIPT) is RECEIPT


def test_coroutine_may_await_the_receipt_and_need_not() -> None:
    """Awaited it is plain; not awaited it is equal, and nothing that the host would wait for."""

    async def guard() -> tuple[Any, Any]:
        given: Any = awaitable_in_coroutines(RECEIPT)
        return given, await given

    given, awaited = asyncio.run(guard())
    assert given == awaited == RECEIPT
    assert type(awaited) is dict
    assert not is_awaitable(given)
