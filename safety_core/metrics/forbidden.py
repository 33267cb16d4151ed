"""Which labels are forbidden, as data: names that stand for something without end, and values that look like it.

The lists count themselves; nobody writes their length down.
"""

from __future__ import annotations

FORBIDDEN_NAMES: dict[str, str] = {
    "client_order_id": "one for each order",
    "email": "one for each person, and personal",
    "idempotency_key": "one for each intent",
    "job_id": "one for each job",
    "order_id": "one for each order",
    "request_id": "one for each request",
    "session_id": "one for each session",
    "timestamp": "one for each moment",
    "user_id": "one for each person",
}
"""Label names that are refused as they stand, each with the reason."""

FORBIDDEN_NAME_PATTERNS: dict[str, str] = {
    r"(^|_)(uu|gu)?id$": "an id names one thing",
    r"(^|_)(hash|digest|fingerprint|nonce)$": "one for each content",
    r"(^|_)(token|secret|password|api_?key)(_|$)": "a secret has no place in a metric",
    r"(^|_)(time|at|ts|date|datetime|epoch)$": "one for each moment",
    r"(^|_)(price|quantity|qty|amount|balance)$": "a measured value is no label",
    r"(^|_)(ip|ip_address|remote_addr|user_agent)$": "one for each caller, and personal",
    r"(^|_)(url|uri|query|path)$": "anybody can make new ones",
    r"(^|_)(message|error_message|traceback|stack|reason_text)$": "free text has no end",
    r"(^|_)(sequence|seq|offset|counter|fence)$": "a number that only grows",
}
"""Regular expressions that a label name must not match anywhere, each with the reason."""

FORBIDDEN_VALUE_PATTERNS: dict[str, str] = {
    r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}": "a UUID",
    r"[0-9a-fA-F]{16,}": "a hash or a token",
    r"\d{6,}": "a number of six digits or more: an id or a time",
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}": "a moment",
    r"[^@\s]+@[^@\s]+\.[^@\s]+": "an e-mail address",
    r"\b\d{1,3}(\.\d{1,3}){3}\b": "an IP address",
}
"""Regular expressions that a label value must not match anywhere, each with what it looks like."""

MAX_VALUE_CHARACTERS = 64
"""Longest label value."""
