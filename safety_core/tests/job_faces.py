"""One face for the blocking and the asyncio parts of job safety: one test speaks for both. Decides nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from safety_core.idempotency import GuardSettings
from safety_core.job_safety import AsyncRetryGuard, AsyncRetryPolicy, RetryGuard, RetryPolicy
from safety_core.tests.servers import LEASE_S, LIFE_S

if TYPE_CHECKING:
    from collections.abc import Callable

SETTINGS = GuardSettings(lease_s=LEASE_S, request_life_s=LIFE_S)


class Face:
    """Calls the methods of one object, in a fresh event loop each where they are coroutines.

    Attributes:
        target: The object.
    """

    def __init__(self, target: Any) -> None:
        self.target = target

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self.target, name)
        if not asyncio.iscoroutinefunction(method):
            found: Callable[..., Any] = method
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            async def run() -> Any:
                try:
                    return await method(*args, **kwargs)
                finally:
                    await self.target.aclose()

            return asyncio.run(run())

        return call


def policy_of(flavour: str, url: str, **options: Any) -> Face:
    """Return a policy of one flavour."""
    kind: Any = RetryPolicy if flavour == "sync" else AsyncRetryPolicy
    return Face(kind(url, guard=options.pop("guard", SETTINGS), **options))


def guard_of(flavour: str, url: str, **options: Any) -> Face:
    """Return a guard of jobs of one flavour."""
    kind: Any = RetryGuard if flavour == "sync" else AsyncRetryGuard
    return Face(kind(url, settings=options.pop("settings", SETTINGS), **options))


class Job:
    """A job as a job system hands it out."""

    def __init__(self, name: str = "job-1", **meta: Any) -> None:
        self.id = name
        self.meta: dict[str, Any] = dict(meta)
        self.saved = 0

    def save_meta(self) -> None:
        """Count how often the metadata was saved."""
        self.saved += 1
