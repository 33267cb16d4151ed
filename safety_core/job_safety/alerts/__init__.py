"""Alerts: told by log, metric, event and webhook, held down by a cooldown, delivered or reported undelivered."""

from __future__ import annotations

from .event import AlertEvent, Severity
from .hooks import AlertHooks
from .outbox import Outbox, Undelivered
from .severities import SEVERITIES
from .webhook import Webhook, signature_of, verify_signature

__all__ = [
    "SEVERITIES",
    "AlertEvent",
    "AlertHooks",
    "Outbox",
    "Severity",
    "Undelivered",
    "Webhook",
    "signature_of",
    "verify_signature",
]
