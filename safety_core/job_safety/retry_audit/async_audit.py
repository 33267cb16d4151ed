"""The audit for asyncio: the same records, written by a thread, so that no fsync holds up the event loop."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .audit import Act, RetryAudit
    from .record import AuditRecord


class AsyncRetryAudit:
    """Writes through a RetryAudit.

    A cancelled call may have written its record; an intent whose act is not done then shows as unfinished.
    """

    def __init__(self, audit: RetryAudit) -> None:
        self._audit = audit

    async def record(self, **columns: Any) -> AuditRecord | None:
        """Write a decision down, as `RetryAudit.record` does; the same errors."""
        return await asyncio.to_thread(lambda: self._audit.record(**columns))

    async def begin(self, **columns: Any) -> Act:
        """Write an intent down, as `RetryAudit.begin` does; the same errors."""
        return await asyncio.to_thread(lambda: self._audit.begin(**columns))

    @asynccontextmanager
    async def act(self, **columns: Any) -> AsyncIterator[Act]:
        """Write an act down before and after the block that does it, as `RetryAudit.act` does; the same errors."""
        begun = await self.begin(**columns)
        try:
            yield begun
        except BaseException as error:
            begun.failed(error)
            raise
        await asyncio.to_thread(begun.succeeded)
