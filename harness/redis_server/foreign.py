"""Somebody else's Redis as the server of a story or a storm: reached through a proxy of ours, left as it was.

Never flushes, reconfigures, pauses or stops it. Of its keys exactly those are removed that name an order of the run,
and those that the subject's own preparation makes, where they were not there before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from harness.errors import CouldNotRunError
from harness.redis_server.errors import ClockUnavailableError
from harness.redis_server.external import ExternalRedis
from harness.redis_server.server import RedisServer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.subjects.contract import Subject

_DEFAULT_PORT = 6379


class ForeignServer(ExternalRedis):
    """An external server, with what a story and a storm ask of one."""

    @property
    def upstream(self) -> str:
        """``HOST:PORT`` to which a proxy leads.

        Raises:
            CouldNotRunError: It is reached over a unix socket.
        """
        parts = urlsplit(self.url)
        if not parts.hostname:
            raise CouldNotRunError(
                "Tried to put a Toxiproxy before the external Redis: expected redis://HOST:PORT or "
                "rediss://HOST:PORT, saw a unix socket, to which no Toxiproxy can lead."
            )
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        return f"{host}:{parts.port or _DEFAULT_PORT}"

    def through(self, listen: str) -> str:
        """Return the URL that leads through the proxy at *listen*, with the same user, password, database and TLS.

        The certificate is still checked. Only its name is not: it names the server, and the proxy is on loopback.
        """
        parts = urlsplit(self.url)
        credentials, at, _ = parts.netloc.rpartition("@")
        query = dict(parse_qsl(parts.query))
        if parts.scheme == "rediss":
            query["ssl_check_hostname"] = "false"
        return urlunsplit((parts.scheme, f"{credentials}{at}{listen}", parts.path, urlencode(query), ""))

    def advance(self, seconds: float) -> float:
        """Refuse.

        Raises:
            ClockUnavailableError: Always.
        """
        raise ClockUnavailableError(f"nobody moves the clock of an external server, by {seconds:g} s or at all")

    def prepare(self, subject: Subject) -> list[str]:
        """Let the subject prepare the store; return the keys that came by it."""
        names = rehearsed(subject)
        client = self.client()
        fresh = [name for name in names if not client.exists(name)]
        subject.prepare(self.url)
        return fresh

    def clean(self, pattern: str, further: Iterable[str]) -> int:
        """Remove the keys that match *pattern*, and *further* ones; return how many there were."""
        client = self.client()
        found: set[str | bytes] = set(client.scan_iter(match=pattern, count=1000))
        return self.remove_keys([*found, *further])


def rehearsed(subject: Subject) -> list[str]:
    """Return the keys that the subject's preparation makes, as seen on a server of ours."""
    with RedisServer() as ours:
        subject.prepare(ours.url)
        client = ours.client()
        return sorted(key.decode("utf-8", "replace") for key in client.scan_iter())
