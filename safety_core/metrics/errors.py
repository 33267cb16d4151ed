"""What the metrics guard raises."""

from __future__ import annotations

from safety_core.idempotency.errors import GuardError


class CardinalityError(GuardError, ValueError):
    """A label name or value is forbidden, in strict mode. Nothing was recorded."""


class MetricsError(GuardError):
    """A metric cannot be made: its extra is missing, or its name is taken by another kind."""
