"""HTTP/1.1 as the API needs it: one request after the other on a connection, bodies with a length or in chunks."""

from __future__ import annotations

import asyncio
import itertools
import os
import traceback
from email.utils import formatdate
from typing import TYPE_CHECKING, cast

from harness.toxiproxy.embedded.answer import REASONS, Answer, plain_answer
from harness.toxiproxy.embedded.api import Request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.toxiproxy.embedded.api import Api

_LINE_END, _HEAD_END = b"\r\n", b"\r\n\r\n"
_LONGEST_HEAD = 65_536
_BODILESS = (204,)
_numbers = itertools.count(os.getpid() << 40)


class HttpConnection(asyncio.Protocol):
    """One client of the API."""

    def __init__(self, api: Api) -> None:
        """Let *api* answer."""
        self._api = api
        self._buffer = b""
        self._answering: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Collect a request and answer it once it is whole."""
        self._buffer += data
        self._go_on()

    def _go_on(self) -> None:
        if self._answering is not None or self._transport is None or self._transport.is_closing():
            return
        head, found, rest = self._buffer.partition(_HEAD_END)
        if not found:
            if len(self._buffer) > _LONGEST_HEAD:
                self._transport.abort()
            return
        request_line, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        try:
            method, target, version = request_line.split(" ")
            whole = _chunked_body(rest) if "transfer-encoding" in headers else _body(rest, headers)
        except ValueError:
            self._write(plain_answer(400, "400 Bad Request", has_request_id=False))
            self._transport.close()
            return
        if whole is None:
            return
        body, self._buffer = whole
        is_last = version == "HTTP/1.0" or headers.get("connection", "").lower() == "close"
        request = Request(method, target.partition("?")[0], body, headers.get("user-agent", ""))
        self._answering = asyncio.get_running_loop().create_task(self._answer(request, is_last=is_last))

    async def _answer(self, request: Request, *, is_last: bool) -> None:
        try:
            answer = await self._api.answer(request)
        except Exception:  # noqa: BLE001 - a bug of ours must not leave a client that waits
            traceback.print_exc()
            answer = plain_answer(500, "the embedded Toxiproxy failed; its log says how")
        self._write(answer, without_body=request.method == "HEAD")
        self._answering = None
        if is_last and self._transport is not None:
            self._transport.close()
        self._go_on()

    def _write(self, answer: Answer, *, without_body: bool = False) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        headers = dict(answer.headers)
        if answer.has_request_id:
            headers["X-Toxiproxy-Request-Id"] = f"{next(_numbers):020x}"
        headers["Date"] = formatdate(usegmt=True)
        if answer.status not in _BODILESS:
            headers["Content-Length"] = str(len(answer.body))
        lines = [f"HTTP/1.1 {answer.status} {REASONS[answer.status]}", *(f"{k}: {v}" for k, v in headers.items())]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        self._transport.write(head if without_body else head + answer.body)


def _body(rest: bytes, headers: Mapping[str, str]) -> tuple[bytes, bytes] | None:
    """Return a body and what follows it, None where it is not whole yet; ValueError for a length that is none."""
    length = int(headers.get("content-length", "0"))
    return (rest[:length], rest[length:]) if len(rest) >= length else None


def _chunked_body(rest: bytes) -> tuple[bytes, bytes] | None:
    """Return the same of a body that comes in chunks; ValueError for a chunk's length that is none."""
    body = b""
    while True:
        line, found, rest = rest.partition(_LINE_END)
        if not found:
            return None
        size = int(line.partition(b";")[0], 16)
        end = size + len(_LINE_END)
        if len(rest) < end:
            return None
        if size == 0:
            return body, rest[end:]
        body, rest = body + rest[:size], rest[end:]
