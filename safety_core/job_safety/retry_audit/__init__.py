"""The retry audit: write-ahead, chained, compacted to daily shards. The public surface; holds no logic."""

from __future__ import annotations

from .async_audit import AsyncRetryAudit
from .audit import Act, RetryAudit
from .errors import AuditError, AuditInputError, AuditReadError, AuditWriteError
from .record import COLUMNS, NEEDS_AUDIT, AuditAction, AuditRecord, Phase
from .statistics import AuditStatistics
from .verification import Verification

__all__ = [
    "COLUMNS",
    "NEEDS_AUDIT",
    "Act",
    "AsyncRetryAudit",
    "AuditAction",
    "AuditError",
    "AuditInputError",
    "AuditReadError",
    "AuditRecord",
    "AuditStatistics",
    "AuditWriteError",
    "Phase",
    "RetryAudit",
    "Verification",
]
