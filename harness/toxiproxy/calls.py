"""Calls of a Toxiproxy's HTTP API: one host each, with a time limit, errors by status. Knows no proxy and no toxic.

The status decides, never the type of the content: Toxiproxy sends its errors, which are JSON, as plain text.
"""

from __future__ import annotations

import http.client
import json
from typing import Any

from harness.toxiproxy.errors import BY_STATUS, ToxiproxyFailedError, ToxiproxyUnavailableError

TIMEOUT_S = 5.0
"""Longest wait for an answer of the API."""
_OK = range(200, 300)


class Calls:
    """The API at one address.

    Attributes:
        host: Its host.
        port: Its port.
    """

    def __init__(self, host: str, port: int, *, timeout_s: float = TIMEOUT_S) -> None:
        """Call *host*:*port*, each time over a connection of its own; wait *timeout_s* seconds for an answer."""
        self.host, self.port = host, port
        self._timeout_s = timeout_s

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Return the JSON that *path* answers, None where it answers nothing.

        Raises:
            ToxiproxyUnavailableError: It does not answer in time, or not as a Toxiproxy does.
            HarnessError: It refused; see ``errors.BY_STATUS``.
        """
        said = f"Asked Toxiproxy at {self.host}:{self.port}: {method} {path}"
        connection = http.client.HTTPConnection(self.host, self.port, timeout=self._timeout_s)
        try:
            sent = None if body is None else json.dumps(body).encode()
            headers = {"Content-Type": "application/json", "User-Agent": "stormproof"}
            connection.request(method, path, sent, headers)
            response = connection.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise ToxiproxyUnavailableError(
                f"{said}. Expected an answer within {self._timeout_s:g} s, saw {type(error).__name__}: {error}. "
                "Is it still running?"
            ) from error
        finally:
            connection.close()
        if response.status not in _OK:
            kind = BY_STATUS.get(response.status, ToxiproxyFailedError)
            raise kind(f"{said}. Expected success, saw {response.status}: {_message(answer)}")
        return _parsed(answer, said)


def _message(answer: bytes) -> str:
    text = answer.decode("utf-8", "replace").strip()
    try:
        return str(json.loads(text)["error"])
    except (ValueError, KeyError, TypeError):
        return text or "nothing"


def _parsed(answer: bytes, said: str) -> Any:
    if not answer:
        return None
    try:
        return json.loads(answer)
    except ValueError as error:
        raise ToxiproxyUnavailableError(f"{said}. Expected JSON, saw {answer[:60]!r}. Is it a Toxiproxy?") from error
