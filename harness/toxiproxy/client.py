"""Our client of Toxiproxy: toxiproxy-python's two classes, each call of the API made by us.

toxiproxy-python 0.1.1 has not changed since 2019. It keeps host and port on a class, so that two servers in one
process cannot be had; it waits for ever; a 500 ends as a KeyError; ``with proxy.down()`` hides that the proxy did
not come up again; it cannot change a toxic. What its callers use is kept: names, arguments, what inherits from what.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import toxiproxy

from harness.toxiproxy.calls import TIMEOUT_S, Calls
from harness.toxiproxy.errors import NoSuchProxyError, ToxiproxyStateError, ToxiproxyUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class ToxicState:
    """A toxic as the server told it.

    Attributes:
        name: Unique within its proxy.
        type: ``latency`` and so on.
        stream: ``downstream`` or ``upstream``.
        toxicity: Which share of the connections is struck, 0 to 1.
        attributes: What the type takes; a ``redis_rule`` also tells what it has seen.
    """

    name: str
    type: str
    stream: str
    toxicity: float
    attributes: Mapping[str, Any]


class ProxyHandle(toxiproxy.Proxy):  # type: ignore[misc]  # untyped
    """A proxy of a server.

    Attributes:
        name: Unique within the server.
        listen: ``HOST:PORT`` where it listens, as last read.
        upstream: ``HOST:PORT`` to which it leads, as last read.
        enabled: Whether it is up, as last read.
    """

    def __init__(self, calls: Calls, told: Mapping[str, Any]) -> None:
        super().__init__(**told)
        self._calls = calls

    @property
    def port(self) -> int:
        """The port where it listens."""
        return int(self.listen.rpartition(":")[2])

    def refresh(self) -> ProxyHandle:
        """Read the proxy's state; return this handle.

        Raises:
            NoSuchProxyError: The server has it no more.
        """
        super().__init__(**self._calls.call("GET", self._path))
        return self

    def update(
        self, *, listen: str | None = None, upstream: str | None = None, enabled: bool | None = None
    ) -> ProxyHandle:
        """Change what is not None and read it back; other addresses close every connection.

        Raises:
            ToxiproxyFailedError: It cannot listen there; it is down then.
            ToxiproxyStateError: The server said yes and did something else.
        """
        given = {"listen": listen, "upstream": upstream, "enabled": enabled}
        wanted = {name: value for name, value in given.items() if value is not None}
        self._calls.call("PATCH", self._path, wanted)
        if listen is not None and listen.rpartition(":")[2] == "0":
            del wanted["listen"]
        return self.confirm(**wanted)

    def confirm(self, **wanted: object) -> ProxyHandle:
        """Read the proxy's state and see that it is as *wanted*; return this handle.

        Raises:
            ToxiproxyStateError: It is not.
        """
        self.refresh()
        self._compare(wanted, {name: getattr(self, name) for name in wanted})
        return self

    def enable(self) -> None:
        """Bring the proxy up, and see that it is."""
        self.update(enabled=True)

    def disable(self) -> None:
        """Take the proxy down: it closes every connection and refuses new ones."""
        self.update(enabled=False)

    @contextmanager
    def down(self) -> Iterator[ProxyHandle]:
        """Keep the proxy down for the length of the block.

        Raises:
            HarnessError: It did not come up again; never hidden, an error of the block is its context.
        """
        self.disable()
        try:
            yield self
        finally:
            self.enable()

    def toxics(self) -> dict[str, ToxicState]:
        """Return the proxy's toxics by name."""
        return {told["name"]: ToxicState(**told) for told in self._calls.call("GET", f"{self._path}/toxics")}

    def add_toxic(
        self,
        *,
        type: str,  # noqa: A002 - toxiproxy-python's name
        stream: str = "downstream",
        name: str | None = None,
        toxicity: float = 1.0,
        attributes: Mapping[str, Any] | None = None,
    ) -> ToxicState:
        """Add a toxic and return it as read back.

        Raises:
            BadToxiproxyRequestError: No such type, or an attribute of another type.
            ProxyExistsError: Its name is taken.
            ToxiproxyStateError: The server did not take it as it was given: an attribute that it does not know.
        """
        name = name if name is not None else f"{type}_{stream}"
        wanted = {"name": name, "type": type, "stream": stream, "toxicity": toxicity, "attributes": attributes or {}}
        self._calls.call("POST", f"{self._path}/toxics", wanted)
        try:
            return self._read_back(name, attributes or {}, toxicity)
        except ToxiproxyStateError:
            self._calls.call("DELETE", self._toxic_path(name))
            raise

    def update_toxic(
        self, name: str, *, attributes: Mapping[str, Any] | None = None, toxicity: float | None = None
    ) -> ToxicState:
        """Change attributes or toxicity of a toxic and return it as read back; what is None stays.

        Raises:
            NoSuchProxyError: There is no such toxic.
            ToxiproxyStateError: The server did not take the change.
        """
        given = {"attributes": attributes, "toxicity": toxicity}
        wanted = {key: value for key, value in given.items() if value is not None}
        self._calls.call("PATCH", self._toxic_path(name), wanted)
        return self._read_back(name, attributes or {}, toxicity)

    def get_toxic(self, toxic_name: str) -> ToxicState | None:
        """Return a toxic, None where there is none."""
        try:
            return ToxicState(**self._calls.call("GET", self._toxic_path(toxic_name)))
        except NoSuchProxyError:
            return None

    def destroy_toxic(self, toxic_name: str) -> bool:
        """Take a toxic away and see that it is gone; return True.

        Raises:
            NoSuchProxyError: There is no such toxic.
        """
        self._calls.call("DELETE", self._toxic_path(toxic_name))
        if self.get_toxic(toxic_name) is not None:
            raise ToxiproxyStateError(f"Toxiproxy took toxic {toxic_name!r} of {self.name!r} away, and it is there")
        return True

    @contextmanager
    def toxic(self, type: str, *, stream: str = "downstream", **attributes: Any) -> Iterator[ToxicState]:  # noqa: A002
        """Keep a toxic for the length of the block; open the connection that it shall strike before."""
        added = self.add_toxic(type=type, stream=stream, attributes=attributes)
        try:
            yield added
        finally:
            self.destroy_toxic(added.name)

    def destroy(self) -> bool:
        """Remove the proxy and close its connections, and see that it is gone; return True.

        Raises:
            NoSuchProxyError: The server has it no more.
            ToxiproxyStateError: It is still there.
        """
        self._calls.call("DELETE", self._path)
        try:
            self.refresh()
        except NoSuchProxyError:
            return True
        raise ToxiproxyStateError(f"Toxiproxy said that it removed proxy {self.name!r}, and it is there")

    @property
    def _path(self) -> str:
        return f"/proxies/{quote(self.name, safe='')}"

    def _toxic_path(self, name: str) -> str:
        return f"{self._path}/toxics/{quote(name, safe='')}"

    def _read_back(self, name: str, attributes: Mapping[str, Any], toxicity: float | None) -> ToxicState:
        toxic = self.get_toxic(name)
        if toxic is None:
            raise ToxiproxyStateError(f"Toxiproxy added toxic {name!r} to {self.name!r}, and it is not there")
        self._compare(attributes, {key: toxic.attributes.get(key) for key in attributes})
        if toxicity is not None:
            self._compare({"toxicity": round(toxicity, 6)}, {"toxicity": round(toxic.toxicity, 6)})
        return toxic

    def _compare(self, wanted: Mapping[str, Any], seen: Mapping[str, Any]) -> None:
        if dict(wanted) != dict(seen):
            raise ToxiproxyStateError(
                f"Toxiproxy answered a change of {self.name!r} with success: expected {dict(wanted)}, read back "
                f"{dict(seen)}. A name that it does not know is ignored: see docs/toxiproxy.md for those there are."
            )


class ToxiproxyClient(toxiproxy.Toxiproxy):  # type: ignore[misc]  # untyped
    """A Toxiproxy server. Any number of them may be used side by side.

    Attributes:
        made: Names of the proxies that were made through this client and not destroyed by :meth:`destroy_made`.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 8474, *, timeout_s: float = TIMEOUT_S) -> None:
        """Call the API at *host*:*port*; wait *timeout_s* seconds for each answer."""
        self._calls = Calls(host, port, timeout_s=timeout_s)
        self.made: list[str] = []

    @property
    def address(self) -> str:
        """``HOST:PORT`` of the API."""
        return f"{self._calls.host}:{self._calls.port}"

    def version(self) -> str:
        """Return the server's version; one built with ``go install`` says ``git``."""
        told = self._calls.call("GET", "/version")
        if not isinstance(told, dict) or "version" not in told:
            raise ToxiproxyUnavailableError(f"Asked {self.address} for its version, saw {told!r}. Is it a Toxiproxy?")
        return str(told["version"])

    def running(self) -> bool:
        """Return whether a Toxiproxy answers."""
        try:
            self.version()
        except ToxiproxyUnavailableError:
            return False
        return True

    def proxies(self) -> dict[str, ProxyHandle]:
        """Return every proxy by name."""
        return {name: ProxyHandle(self._calls, told) for name, told in self._calls.call("GET", "/proxies").items()}

    def create(self, upstream: str, name: str, listen: str | None = None, enabled: bool | None = None) -> ProxyHandle:
        """Make a proxy and return it as read back.

        Args:
            upstream: ``HOST:PORT`` to which it leads.
            name: Not taken yet.
            listen: ``HOST:PORT``; None takes a free loopback port.
            enabled: Whether it is up; None means yes.

        Raises:
            ProxyExistsError: The name is taken.
            ToxiproxyFailedError: It cannot listen there.
            ToxiproxyStateError: The server said yes and did something else.
        """
        told = {
            "name": name,
            "upstream": upstream,
            "listen": listen or "127.0.0.1:0",
            "enabled": enabled is not False,
        }
        proxy = ProxyHandle(self._calls, self._calls.call("POST", "/proxies", told))
        self.made.append(name)
        return proxy.confirm(upstream=upstream, enabled=told["enabled"])

    def populate(self, proxies: Sequence[Mapping[str, Any]]) -> list[ProxyHandle]:
        """Bring about *proxies* (name, upstream, listen, enabled) in one call; return all of them.

        One that is there with the same addresses stays as it is. A listen on port 0 always makes a new one.
        """
        self.made += [str(each["name"]) for each in proxies]
        told = self._calls.call("POST", "/populate", list(proxies))
        return [ProxyHandle(self._calls, each).refresh() for each in told["proxies"] or ()]

    def reset(self) -> bool:
        """Bring every proxy up and take every toxic away, and see that it is so; return True.

        Raises:
            ToxiproxyFailedError: A proxy cannot listen.
            ToxiproxyStateError: One is down, or has a toxic.
        """
        self._calls.call("POST", "/reset")
        left = {name: told for name, told in self._calls.call("GET", "/proxies").items() if not _is_clean(told)}
        if left:
            raise ToxiproxyStateError(f"Toxiproxy said that it was reset, and read back {left}")
        return True

    def destroy_made(self) -> None:
        """Destroy the proxies that were made here and are there still; others are left alone."""
        made, self.made = self.made, []
        there = self.proxies()
        for name in dict.fromkeys(made):
            if name in there:
                there[name].destroy()


def _is_clean(told: Mapping[str, Any]) -> bool:
    return bool(told["enabled"]) and not told["toxics"]
