"""What the audit raises. Each message says whether the act that was to be written down may have been done."""

from __future__ import annotations

from safety_core.idempotency.errors import GuardError


class AuditError(GuardError):
    """Root of what the audit raises."""


class AuditInputError(AuditError, ValueError):
    """A field of a record is missing, too long or of a wrong type. Nothing was written."""


class AuditWriteError(AuditError):
    """A record could not be written durably. Raised before an act: it must not be done."""


class AuditReadError(AuditError):
    """Records cannot be read: a file is damaged, or pyarrow is missing."""
