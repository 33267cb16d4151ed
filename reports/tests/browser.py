"""A headless Chromium that opens one page and tells what the page asked for, said and holds. It speaks over a pipe.

Chromium's own requests are not the page's, and are not told of.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome") or ""
"""The browser; empty where there is none."""

_OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--no-first-run")
_END_S = 30.0
_LOUD = frozenset({"error", "warning", "assert"})
_TROUBLE = frozenset({"Runtime.exceptionThrown", "Log.entryAdded"})


@dataclass(slots=True)
class Page:
    """An open page.

    Attributes:
        requested: The addresses that it asked for, itself included.
        troubles: Errors and messages of its console.
    """

    _send: IO[bytes]
    _receive: IO[bytes]
    requested: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    _session: str = ""
    _number: int = 0
    _seen: list[str] = field(default_factory=list)

    def ask(self, script: str) -> Any:
        """Return what *script*, an expression, gives in the page."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def open(self, address: str) -> None:
        """Open *address* and return when it has loaded."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Network", "Runtime", "Log", "Page"):
            self.call(f"{domain}.enable")
        self.call("Page.navigate", url=address)
        while "Page.loadEventFired" not in self._seen:
            self._take()

    def look(self, *, dark: bool = False, paper: bool = False) -> None:
        """Let the page believe in another screen."""
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.call("Emulation.setEmulatedMedia", media="print" if paper else "screen", features=scheme)

    def close(self) -> None:
        """End the browser."""
        self._session = ""
        self.call("Browser.close")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Return the answer to one command of the DevTools protocol."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        message |= {"sessionId": self._session} if self._session else {}
        self._send.write(json.dumps(message).encode() + b"\0")
        self._send.flush()
        while (answer := self._take()).get("id") != self._number:
            pass
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def _take(self) -> dict[str, Any]:
        whole = bytearray()
        while (byte := self._receive.read(1)) != b"\0":
            assert byte, "Chromium has ended"
            whole += byte
        message: dict[str, Any] = json.loads(whole)
        method, params = message.get("method", ""), message.get("params", {})
        self._seen.append(method)
        if method == "Network.requestWillBeSent":
            self.requested.append(params["request"]["url"])
        elif method in _TROUBLE or (method == "Runtime.consoleAPICalled" and params["type"] in _LOUD):
            self.troubles.append(json.dumps(params))
        return message


@contextmanager
def opened(path: Path) -> Iterator[Page]:
    """Yield the page in the file *path*; the browser ends with the block."""
    to_it, to_us = os.pipe(), os.pipe()
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        # The browser reads from descriptor 3 and writes to 4.
        redirected = f'exec 3<&{to_it[0]} 4>&{to_us[1]}; exec "$0" "$@"'
        browser = subprocess.Popen(
            ["/bin/bash", "-c", redirected, CHROMIUM, *_OPTIONS, f"--user-data-dir={profile}"],
            pass_fds=(to_it[0], to_us[1]),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,
        )
        os.close(to_it[0])
        os.close(to_us[1])
        with os.fdopen(to_it[1], "wb") as send, os.fdopen(to_us[0], "rb") as receive:
            page = Page(send, receive)
            try:
                page.open(path.resolve().as_uri())
                yield page
                page.close()
                browser.wait(timeout=_END_S)
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(browser.pid, signal.SIGKILL)
                browser.wait()
