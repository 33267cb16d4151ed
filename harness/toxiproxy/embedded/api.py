"""The HTTP API of Toxiproxy 2.12: which request does what. Reads no socket; see ``http.py``."""

from __future__ import annotations

import asyncio
import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from harness.toxiproxy.embedded import bodies, metrics
from harness.toxiproxy.embedded.addresses import WrongAddressError
from harness.toxiproxy.embedded.answer import (
    Answer,
    ApiError,
    empty_answer,
    error_answer,
    json_answer,
    plain_answer,
)
from harness.toxiproxy.embedded.go_json import write_json

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from harness.toxiproxy.embedded.proxies import Proxies
    from harness.toxiproxy.embedded.proxy import Proxy
    from harness.toxiproxy.embedded.toxics.toxic import Toxic

VERSION = "2.12.0"
"""The release of Toxiproxy whose API this is."""


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request.

    Attributes:
        method: In capitals.
        path: Without the query, still escaped.
        body: All of it.
        user_agent: Empty where none was sent.
    """

    method: str
    path: str
    body: bytes
    user_agent: str


class Api:
    """Answers requests about *proxies*, one at a time."""

    def __init__(self, proxies: Proxies, *, has_metrics: bool) -> None:
        self._proxies = proxies
        self._turn = asyncio.Lock()
        one, toxics, toxic = r"/proxies/([^/]+)", r"/proxies/([^/]+)/toxics", r"/proxies/([^/]+)/toxics/([^/]+)"
        self._routes: list[tuple[str, re.Pattern[str], Callable[..., Awaitable[Answer]]]] = [
            ("POST", re.compile("/reset"), self._reset),
            ("GET", re.compile("/proxies"), self._list),
            ("POST", re.compile("/proxies"), self._create),
            ("POST", re.compile("/populate"), self._populate),
            ("GET", re.compile(one), self._show),
            ("POST PATCH", re.compile(one), self._update),
            ("DELETE", re.compile(one), self._delete),
            ("GET", re.compile(toxics), self._list_toxics),
            ("POST", re.compile(toxics), self._add_toxic),
            ("GET", re.compile(toxic), self._show_toxic),
            ("POST PATCH", re.compile(toxic), self._update_toxic),
            ("DELETE", re.compile(toxic), self._delete_toxic),
            ("GET", re.compile("/version"), self._version),
        ]
        if has_metrics:
            self._routes.append(("GET POST PATCH DELETE PUT HEAD", re.compile("/metrics"), self._metrics))

    async def answer(self, request: Request) -> Answer:
        """Do what *request* asks for."""
        path = unquote(request.path)
        cleaned = _cleaned(path)
        if cleaned != path:
            return Answer(301, headers={"Location": quote(cleaned)}, has_request_id=False)
        path_is_known = False
        for methods, pattern, handle in self._routes:
            found = pattern.fullmatch(path)
            if found is None:
                continue
            path_is_known = True
            if request.method in methods.split():
                return await self._handled(request, handle, found.groups())
        if path_is_known:
            return Answer(405, has_request_id=False)
        return plain_answer(404, "404 page not found", has_request_id=False)

    async def _handled(
        self, request: Request, handle: Callable[..., Awaitable[Answer]], names: Sequence[str]
    ) -> Answer:
        if request.user_agent.startswith("Mozilla/"):
            return plain_answer(403, "User agent not allowed")
        async with self._turn:
            try:
                return await handle(request.body, *names)
            except ApiError as error:
                return error_answer(error)
            except WrongAddressError as error:
                return error_answer(ApiError(500, str(error)))

    async def _version(self, _body: bytes) -> Answer:
        text = f'{{"version": "{VERSION}"}}\n'
        return Answer(200, text.encode(), {"Content-Type": "application/json;charset=utf-8"})

    async def _metrics(self, _body: bytes) -> Answer:
        return Answer(200, self._proxies.metrics.text().encode(), {"Content-Type": metrics.CONTENT_TYPE})

    async def _reset(self, _body: bytes) -> Answer:
        await self._proxies.reset()
        return empty_answer()

    async def _list(self, _body: bytes) -> Answer:
        by_name = self._proxies.by_name
        return json_answer({name: by_name[name].to_object() for name in sorted(by_name)})

    async def _create(self, body: bytes) -> Answer:
        given = bodies.read_proxy(body)
        bodies.require(given)
        if given["name"] in self._proxies.by_name:
            raise ApiError(409, "proxy already exists")
        proxy = self._proxies.made(given["name"], given.get("listen", ""), given["upstream"])
        await self._proxies.add(proxy, enabled=given.get("enabled", True))
        return json_answer(proxy.to_object(), 201)

    async def _populate(self, body: bytes) -> Answer:
        done: list[Proxy] = []
        failed: ApiError | None = None
        try:
            await self._proxies.populate(bodies.read_proxies(body), done)
        except ApiError as error:
            failed = error
        except WrongAddressError as error:
            failed = ApiError(500, str(error))
        told = {} if failed is None else {"error": failed.message, "status": failed.status}
        written = write_json({**told, "proxies": [proxy.to_object() for proxy in done] or None})
        return Answer(201 if failed is None else failed.status, written, {"Content-Type": "application/json"})

    async def _show(self, _body: bytes, name: str) -> Answer:
        return json_answer(self._proxy(name).to_object())

    async def _update(self, body: bytes, name: str) -> Answer:
        proxy = self._proxy(name)
        given = bodies.read_proxy(body)
        await proxy.update(
            given.get("listen", proxy.listen),
            given.get("upstream", proxy.upstream),
            enabled=given.get("enabled", proxy.enabled),
        )
        return json_answer(proxy.to_object())

    async def _delete(self, _body: bytes, name: str) -> Answer:
        self._proxy(name)
        await self._proxies.remove(name)
        return empty_answer()

    async def _list_toxics(self, _body: bytes, name: str) -> Answer:
        proxy = self._proxy(name)
        return json_answer([proxy.toxic_object(toxic) for toxic in proxy.all_toxics()])

    async def _add_toxic(self, body: bytes, name: str) -> Answer:
        proxy = self._proxy(name)
        toxic = bodies.read_toxic(body, {each.name for each in proxy.all_toxics()})
        proxy.add(toxic)
        return json_answer(proxy.toxic_object(toxic))

    async def _show_toxic(self, _body: bytes, name: str, toxic_name: str) -> Answer:
        proxy = self._proxy(name)
        return json_answer(proxy.toxic_object(self._toxic(proxy, toxic_name)))

    async def _update_toxic(self, body: bytes, name: str, toxic_name: str) -> Answer:
        proxy = self._proxy(name)
        toxic = self._toxic(proxy, toxic_name)
        toxic.settings, toxic.toxicity = bodies.read_change(body, toxic)
        await proxy.change(toxic)
        return json_answer(proxy.toxic_object(toxic))

    async def _delete_toxic(self, _body: bytes, name: str, toxic_name: str) -> Answer:
        proxy = self._proxy(name)
        await proxy.remove(self._toxic(proxy, toxic_name))
        return empty_answer()

    def _proxy(self, name: str) -> Proxy:
        try:
            return self._proxies.by_name[name]
        except KeyError:
            raise ApiError(404, "proxy not found") from None

    def _toxic(self, proxy: Proxy, name: str) -> Toxic:
        toxic = proxy.toxic(name)
        if toxic is None:
            raise ApiError(404, "toxic not found")
        return toxic


def _cleaned(path: str) -> str:
    """Return *path* without empty parts and dots; Toxiproxy's router sends a client there."""
    clean = posixpath.normpath("/" + path.lstrip("/"))
    if path.endswith("/") and clean != "/":
        clean += "/"
    return clean
