"""What an exception of a call says about the dependency: a table as data. Never counts what it does not know."""

from __future__ import annotations

import math
from typing import Any

from .states import CallOutcome

LIMIT_STATUS = frozenset({418, 429})
LIMIT_CODES = frozenset({-1003, -1015})
"""Binance: too many requests, too many orders. Source: binance/binance-spot-api-docs errors.md (2026-07)."""
EXCHANGE_CODES = frozenset({-1000, -1001, -1006, -1007, -1008})
"""Binance: the exchange itself failed or is overloaded. Same source."""
FAILURE_NAMES = frozenset(
    {"ConnectError", "ConnectionError", "NetworkError", "RemoteProtocolError", "TimeoutError", "TimeoutException"}
)
"""Names of exception classes, own or inherited, by which clients tell that a dependency was not there."""


def judge_error(error: BaseException) -> tuple[CallOutcome, float]:
    """Return what `error` says, and for how many seconds the dependency wants to be left alone (0: it named none).

    Read are `status` or `status_code`, `code`, `retry_after` (seconds), a `Retry-After` of `headers` or of
    `response.headers`, and the names of the exception's classes. What matches nothing never counts.
    """
    status = _attribute(error, "status", "status_code")
    if status is None:
        status = _attribute(getattr(error, "response", None), "status", "status_code")
    code = _attribute(error, "code")
    if status in LIMIT_STATUS or code in LIMIT_CODES:
        return CallOutcome.RATE_LIMITED, _retry_after_s(error)
    if code in EXCHANGE_CODES or (status is not None and 500 <= status <= 599):  # noqa: PLR2004 - HTTP's own range
        return CallOutcome.EXCHANGE_FAILURE, 0.0
    if status is None and code is None and any(kind.__name__ in FAILURE_NAMES for kind in type(error).__mro__):
        return CallOutcome.FAILURE, 0.0
    return CallOutcome.CALLER_MISTAKE, 0.0


def _attribute(source: Any, *names: str) -> int | None:
    for name in names:
        value = getattr(source, name, None)
        if isinstance(value, int) and not isinstance(value, bool):
            return int(value)
        if isinstance(value, str) and value.lstrip("-").isdecimal():
            return int(value)
    return None


def _retry_after_s(error: BaseException) -> float:
    said: Any = getattr(error, "retry_after", None)
    for source in (error, getattr(error, "response", None)):
        headers: Any = getattr(source, "headers", None)
        if said is None and hasattr(headers, "get"):
            said = headers.get("Retry-After") or headers.get("retry-after")
    try:
        seconds = float(said)
    except (TypeError, ValueError):
        return 0.0
    return seconds if math.isfinite(seconds) and seconds > 0 else 0.0
