"""What the two partitions share: bytes that are sent arrive nowhere, and no connection ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import WrongInputError
from harness.nemesis.evidence import LOOK_S
from harness.nemesis.toxics import Toxic, error_at, toxic_injection

if TYPE_CHECKING:
    from harness.nemesis.fault import Injection
    from harness.toxiproxy.client import ProxyHandle

DIRECTIONS = {"both": ("upstream", "downstream"), "requests": ("upstream",), "replies": ("downstream",)}
"""Which bytes are lost: of a request lost nothing is applied, of a reply lost all is."""


def partition(fault: str, proxy: ProxyHandle, url: str, direction: str) -> Injection:
    """Return the injection that loses the bytes of *direction* at *proxy*, which *url* leads through.

    Raises:
        WrongInputError: *direction* is none.
    """
    if direction not in DIRECTIONS:
        raise WrongInputError(f"{fault}: direction must be one of {', '.join(DIRECTIONS)}, not {direction!r}")
    toxics = [Toxic("timeout", stream, {"timeout": 0}) for stream in DIRECTIONS[direction]]

    def meet() -> str:
        ended = error_at(url, timeout_s=LOOK_S)
        return f"a PING saw {ended!r}" if ended.startswith("TimeoutError") else ""

    return toxic_injection(proxy, toxics, meet)
