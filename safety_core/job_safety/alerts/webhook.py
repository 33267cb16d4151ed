"""One webhook: where alerts are posted, how they are signed, how long one attempt may take.

Meets httpx, which the extra `alerts` brings. Never follows a redirect, never reads a body.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, final
from urllib.parse import urlsplit

from safety_core.idempotency.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .event import AlertEvent

SIGNATURE_HEADER = "X-Alert-Signature"
ID_HEADER = "X-Alert-Id"
_RETRIED_STATUS = frozenset({408, 425, 429})


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Where alerts are posted.

    Attributes:
        url: `http://` or `https://`.
        secret: Key of the HMAC-SHA256 signature; empty signs nothing.
        timeout_s: Seconds that one attempt may take altogether, name look-up and reply included.
        attempts: How often delivery is tried, 1 or more.
        backoff_s: Seconds before the second attempt; doubled before each further one.
        max_backoff_s: Longest pause between two attempts.
    """

    url: str
    secret: bytes = field(default=b"", repr=False)
    timeout_s: float = 5.0
    attempts: int = 5
    backoff_s: float = 1.0
    max_backoff_s: float = 60.0

    def __post_init__(self) -> None:
        """Check every value.

        Raises:
            SettingsError: A value is out of range, or the URL is none of HTTP.
        """
        url: object = self.url
        parts = urlsplit(url) if isinstance(url, str) else None
        if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
            raise SettingsError("url of the webhook cannot be read; expected http://HOST... or https://HOST...")
        secret: object = self.secret
        if not isinstance(secret, bytes):
            raise SettingsError(f"secret is a {type(secret).__name__}; expected bytes")
        for name, low in (("timeout_s", 0.001), ("attempts", 1), ("backoff_s", 0), ("max_backoff_s", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= 86_400:  # noqa: PLR2004
                raise SettingsError(f"{name} is {value!r}; expected a number between {low} and 86400")

    def pause_s(self, attempt: int) -> float:
        """Return the pause after a failed attempt, counted from 1."""
        return float(min(self.max_backoff_s, self.backoff_s * 2 ** min(attempt - 1, 32)))


@final
@dataclass(frozen=True, slots=True)
class Attempt:
    """How one attempt went.

    Attributes:
        delivered: Whether the server took the alert (2xx).
        may_retry: Whether trying again may help.
        said: Status or error in one phrase; never the URL, whose path may be a secret.
    """

    delivered: bool
    may_retry: bool
    said: str


def signature_of(secret: bytes, body: bytes, at_s: int) -> str:
    """Return the signature header: `t=<Unix seconds>,v1=<HMAC-SHA256 of "t.body", hexadecimal>`."""
    mac = hmac.new(secret, b"%d.%b" % (at_s, body), hashlib.sha256).hexdigest()
    return f"t={at_s},v1={mac}"


def verify_signature(secret: bytes, body: bytes, header: str, *, now_s: float, tolerance_s: float = 300.0) -> bool:
    """Return whether `header` signs `body`, not longer ago than the tolerance. For receivers."""
    stamp, _, _ = header.removeprefix("t=").partition(",")
    if not stamp.isascii() or not stamp.isdecimal() or abs(now_s - int(stamp)) > tolerance_s:
        return False
    return hmac.compare_digest(signature_of(secret, body, int(stamp)).encode(), header.encode("utf-8", "replace"))


async def post(client: Any, webhook: Webhook, event: AlertEvent, now_s: Callable[[], float] = time.time) -> Attempt:
    """Try once to deliver an alert, within the time limit.

    Args:
        client: An `httpx.AsyncClient`.
        webhook: Where to.
        event: What.
        now_s: Unix seconds, for the signature.
    """
    body = event.as_bytes()
    headers = {"Content-Type": "application/json", ID_HEADER: event.event_id}
    if webhook.secret:
        headers[SIGNATURE_HEADER] = signature_of(webhook.secret, body, int(now_s()))
    try:
        async with (
            asyncio.timeout(webhook.timeout_s),
            client.stream("POST", webhook.url, content=body, headers=headers) as reply,
        ):
            status = int(reply.status_code)
    except TimeoutError:
        return Attempt(delivered=False, may_retry=True, said=f"no answer within {webhook.timeout_s:g} s")
    except Exception as error:  # noqa: BLE001 - whatever it is, the alert was not delivered
        return Attempt(delivered=False, may_retry=True, said=type(error).__name__)
    if 200 <= status <= 299:  # noqa: PLR2004 - HTTP's own range
        return Attempt(delivered=True, may_retry=False, said=str(status))
    return Attempt(delivered=False, may_retry=status >= 500 or status in _RETRIED_STATUS, said=f"HTTP {status}")  # noqa: PLR2004
