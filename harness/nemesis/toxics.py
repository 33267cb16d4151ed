"""What the faults of the network share: toxics come and go through the Toxiproxy API, and are read back there.

The state that is read back is half of the witness. The other half is what a connection of ours meets on that way.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import redis

from harness import clock
from harness.errors import WrongInputError
from harness.nemesis.fault import Injection
from harness.redis_server.redis_py import make_client

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from harness.toxiproxy.client import ProxyHandle

STREAMS = ("downstream", "upstream")
"""What the server answers, and what clients send."""


@dataclass(frozen=True, slots=True)
class Toxic:
    """One toxic that shall be there.

    Attributes:
        type: Its type.
        stream: ``downstream`` or ``upstream``.
        attributes: What its type takes.
    """

    type: str
    stream: str
    attributes: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Its name at the proxy; nobody else's."""
        return f"nemesis_{self.type}_{self.stream}"


def toxic_injection(
    proxy: ProxyHandle,
    toxics: Sequence[Toxic],
    meet: Callable[[], str],
    *,
    further: Callable[[], object] = lambda: None,
) -> Injection:
    """Return the injection of *toxics* at *proxy*.

    Args:
        proxy: Where they are added.
        toxics: All that are added, in this order.
        meet: Goes the way itself, and returns what it met there, empty where nothing is wrong.
        further: What is done once they are there.
    """

    def strike() -> None:
        for toxic in toxics:
            proxy.add_toxic(type=toxic.type, stream=toxic.stream, name=toxic.name, attributes=toxic.attributes)
        further()

    def look() -> str:
        there = proxy.toxics()
        told = [there[toxic.name] for toxic in toxics if toxic.name in there]
        if len(told) < len(toxics) or not (met := meet()):
            return ""
        said = ", ".join(f"{each.type} {each.stream} {dict(each.attributes)}" for each in told)
        return f"{proxy.name} has {said}; {met}"

    def destroy(name: str) -> None:
        if proxy.get_toxic(name) is not None:
            proxy.destroy_toxic(name)

    return Injection(strike=strike, look=look, heal=tuple(partial(destroy, toxic.name) for toxic in toxics))


def check_stream(fault: str, stream: str) -> str:
    """Return *stream*.

    Raises:
        WrongInputError: It is none.
    """
    if stream not in STREAMS:
        raise WrongInputError(f"{fault}: stream must be one of {', '.join(STREAMS)}, not {stream!r}")
    return stream


def seconds_of(url: str, size: int, *, times: int = 1, timeout_s: float) -> list[float]:
    """Return how long each of some ECHOs of *size* bytes took at *url*, on one connection that is open before."""
    took = []
    with make_client(url, timeout_s=timeout_s) as client:
        client.ping()
        for _ in range(times):
            began_ns = clock.elapsed_ns()
            client.echo("." * size)
            took.append((clock.elapsed_ns() - began_ns) / 1e9)
    return took


def error_at(url: str, *, timeout_s: float) -> str:
    """Return the error that a PING at *url* ends with, empty where it is answered."""
    with make_client(url, timeout_s=timeout_s) as client:
        try:
            client.ping()
        except redis.RedisError as error:
            return f"{type(error).__name__}: {error}"
    return ""
