"""The program that writes audits, with an audit that acknowledges records before it has written them."""

from __future__ import annotations

from typing import Any

from properties import audit_writer
from safety_core.job_safety.retry_audit import RetryAudit


class HastyAudit:
    """Keeps records in memory until it is told to flush."""

    def __init__(self, *words: Any, **said: Any) -> None:
        self._audit = RetryAudit(*words, **said)
        self._kept: list[dict[str, Any]] = []

    def record(self, **columns: Any) -> None:
        """Keep a record."""
        self._kept.append(columns)

    def flush(self) -> None:
        """Write what was kept."""
        for columns in self._kept:
            self._audit.record(**columns)
        self._kept.clear()
        self._audit.flush()

    def act(self, **columns: Any) -> Any:
        """Begin an act as the real one does."""
        return self._audit.act(**columns)


if __name__ == "__main__":
    audit_writer.main(HastyAudit)
