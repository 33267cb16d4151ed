"""What the tests of the audit stand on: a time that is moved by hand, a disk that fills up. Decides nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from safety_core.job_safety.retry_audit.disk import Disk

NOON = datetime(2026, 2, 7, 12, tzinfo=UTC)
WHO = {"user_or_system": "alice", "retry_reason": "the venue is back"}


class Calendar:
    """A time that is moved by hand."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        """Return the time, a second later each time."""
        self.now += timedelta(seconds=1)
        return self.now


class FullDisk(Disk):
    """A disk on which nothing more can be written once it is full."""

    def __init__(self) -> None:
        self.is_full = False

    def write(self, descriptor: int, data: bytes) -> None:
        """Write half of it and fail where it is full."""
        if self.is_full:
            super().write(descriptor, data[: len(data) // 2])
            raise OSError(28, "No space left on device")
        super().write(descriptor, data)
