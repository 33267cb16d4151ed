"""When a run was, as ``environment.json`` says. Reads what was written down; never asks a clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when a run was, in UTC."""

    started: datetime
    ended: datetime

    @property
    def seconds(self) -> float:
        """How long it took, in seconds."""
        return (self.ended - self.started).total_seconds()


def span_of(environment: Mapping[str, Any]) -> Span | None:
    """Return when the run was, from the ISO 8601 texts ``started`` and ``ended``; None where they say nothing.

    A time without a zone is taken as UTC.
    """
    try:
        started, ended = (datetime.fromisoformat(environment[name]) for name in ("started", "ended"))
    except (KeyError, TypeError, ValueError):
        return None
    return Span(_in_utc(started), _in_utc(ended))


def _in_utc(time: datetime) -> datetime:
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
