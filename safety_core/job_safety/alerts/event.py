"""What an alert says. Values only; never a payload or a result of a job."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self, final
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Mapping

NO_CONTEXT: Mapping[str, Any] = MappingProxyType({})


class Severity(StrEnum):
    """How soon somebody must look."""

    CRITICAL = "Critical"
    """Now: page whoever is on call."""
    WARNING = "Warning"
    """Today."""
    INFO = "Info"
    """Nobody need look."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AlertEvent:
    """One alert.

    Attributes:
        kind: What it is about: a row of `severities.SEVERITIES`.
        source: Who it is about, such as `job_type:order`.
        transition: What happened to it, such as `CLOSED->OPEN`. The cooldown is kept by source and transition.
        severity: How soon somebody must look.
        summary: One sentence for people.
        context: Further facts, JSON-safe.
        at: When, UTC.
        event_id: Name of this alert; the same in each attempt to deliver it.
        suppressed: How many alerts of the same source and transition the cooldown held back since the last one.
    """

    kind: str
    source: str
    transition: str
    severity: Severity
    summary: str
    context: Mapping[str, Any] = field(default_factory=lambda: NO_CONTEXT)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    event_id: str = field(default_factory=lambda: uuid4().hex)
    suppressed: int = 0

    def after(self, suppressed: int) -> Self:
        """Return the alert with the number that was held back before it."""
        return replace(self, suppressed=suppressed)

    def as_json(self) -> dict[str, Any]:
        """Return the alert as a JSON object; what JSON does not know becomes its text."""
        return {
            "event_id": self.event_id,
            "kind": self.kind,
            "source": self.source,
            "transition": self.transition,
            "severity": str(self.severity),
            "summary": self.summary,
            "at": self.at.astimezone(UTC).isoformat(),
            "suppressed": self.suppressed,
            "context": dict(self.context),
        }

    def as_bytes(self) -> bytes:
        """Return the alert as the body of a webhook."""
        return json.dumps(self.as_json(), sort_keys=True, default=str).encode()
