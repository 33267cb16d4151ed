"""All proxies of the embedded server, and the steps of the API that change more than one. Knows nothing of HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.toxiproxy.embedded.metrics import Metrics
from harness.toxiproxy.embedded.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Sequence


class Proxies:
    """Proxies by name.

    Attributes:
        by_name: All of them.
        metrics: What their ended connections have carried.
    """

    def __init__(self, run_seed: int, *, open_to: str = "") -> None:
        """Draw every coin and jitter from *run_seed*; proxies may listen on *open_to* besides loopback."""
        self.by_name: dict[str, Proxy] = {}
        self.metrics = Metrics()
        self._seed = run_seed
        self._open_to = open_to

    def made(self, name: str, listen: str, upstream: str) -> Proxy:
        """Return a new proxy that is off and not among ours yet."""
        return Proxy(
            name, listen, upstream, run_seed=self._seed, on_counted=self.metrics.count, open_to=self._open_to
        )

    async def add(self, proxy: Proxy, *, enabled: bool) -> None:
        """Switch *proxy* on if *enabled*, and keep it.

        Raises:
            WrongAddressError: It cannot listen; it is not kept.
        """
        if enabled:
            await proxy.start()
        self.by_name[proxy.name] = proxy

    async def populate(self, wanted: Sequence[dict[str, Any]], done: list[Proxy]) -> None:
        """Bring about the proxies *wanted* (name, listen, upstream, enabled); append each to *done*.

        One that is there with these addresses stays as it is; one with others is replaced and loses its toxics.

        Raises:
            WrongAddressError: One cannot listen; those before it are done.
        """
        for each in wanted:
            name, listen, upstream = each["name"], each.get("listen", ""), each["upstream"]
            known = self.by_name.get(name)
            if known is not None:
                if not known.differs(listen, upstream):
                    done.append(known)
                    continue
                await known.stop()
            proxy = self.made(name, listen, upstream)
            await self.add(proxy, enabled=each.get("enabled", True))
            done.append(proxy)

    async def remove(self, name: str) -> None:
        """Stop and forget a proxy."""
        await self.by_name[name].stop()
        del self.by_name[name]

    async def reset(self) -> None:
        """Switch every proxy on and take every toxic away.

        Raises:
            WrongAddressError: One cannot listen; those behind it are left as they are.
        """
        for proxy in self.by_name.values():
            if not proxy.enabled:
                await proxy.start()
            await proxy.remove_all()

    async def stop(self) -> None:
        """Stop all."""
        for proxy in self.by_name.values():
            await proxy.stop()
