"""The audit of the safety core, as the walk wants it. It translates words and decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safety_core.job_safety.retry_audit import AuditAction, RetryAudit

if TYPE_CHECKING:
    from collections.abc import Callable


class DamagedError(Exception):
    """The audit's own look through its chains found something."""


class ReferenceAudit:
    """The core's audit; what is done is a forced retry, which must not be done without it."""

    def __init__(self, folder: str) -> None:
        """Make the audit in *folder*."""
        self._audit = RetryAudit(folder)

    def act(self, key: str, do: Callable[[], None]) -> None:
        """Force the job *key*."""
        with self._audit.act(
            job_id=key, user_or_system="operator", retry_reason="an emergency", action=AuditAction.FORCE
        ):
            do()

    def read(self) -> list[tuple[str, str]]:
        """Return job and side of every record.

        Raises:
            DamagedError: Records are missing or were changed.
        """
        verified = self._audit.verify()
        if not verified.is_complete:
            raise DamagedError("; ".join(verified.problems))
        return [(record.job_id, str(record.phase)) for record in self._audit.query()]

    def close(self) -> None:
        """Close the journal."""
        self._audit.close()


def make(folder: str) -> ReferenceAudit:
    """Return the core's audit in *folder*."""
    return ReferenceAudit(folder)
