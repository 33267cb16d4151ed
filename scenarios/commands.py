"""The commands of one worker, counted at the proxy and kept back where a story wants the worker held.

Works for every guard: a place is the nth command of one order, as it was counted when the guard placed an order that
nothing struck. While a worker is followed, nobody else may send anything through the proxy.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.redis_server.owned import OwnedServer
    from harness.toxiproxy.client import ProxyHandle
    from scenarios.stage import Stage

_NEVER = 1_000_000_000
_LONGEST = 40


@dataclass(frozen=True, slots=True)
class Steps:
    """What a guard sends to Redis for an order that it places.

    Attributes:
        before: Commands before the effect.
        after: Commands after it.
    """

    before: int
    after: int


class Commands:
    """A rule at the proxy that counts what passes, and strikes when it is told to."""

    def __init__(self, proxy: ProxyHandle, name: str) -> None:
        self._proxy = proxy
        self._name = name

    def arm(self, nth: int) -> None:
        """Count from nothing, and strike command number *nth* from here."""
        self._proxy.update_toxic(self._name, attributes={"nth": nth})

    def read(self) -> tuple[int, int]:
        """Return how many commands were counted, and how many of them were struck."""
        toxic = self._proxy.get_toxic(self._name)
        if toxic is None:
            raise TypeError(f"the rule {self._name} is read before it is there, or after it is gone")
        return toxic.attributes["matched"], toxic.attributes["struck"]

    def learn(self, stage: Stage, worker: str) -> Steps:
        """Let *worker* place two orders that nothing strikes, and count what it sends for the second one.

        The first one lets the proxy see a whole question and answer on the worker's connection.
        """
        control = stage.venue.control
        first, second = stage.orders(2, word="counted")
        stage.give(worker, first)
        stage.until_idle()
        self.arm(_NEVER)
        control.hold()
        op = stage.give(worker, second)
        stage.until(lambda: bool(control.ask(key=second)) or op in stage.answers)
        before, _ = self.read()
        control.release()
        stage.until_idle()
        return Steps(before, self.read()[0] - before)


@contextmanager
def followed(stage: Stage, stream: str, action: str, **attributes: Any) -> Iterator[Commands]:
    """Count the commands at the proxy for the length of the block.

    Args:
        stage: Whose proxy.
        stream: ``upstream`` strikes the request, ``downstream`` the reply.
        action: What is done to it, as in ``redis_rule``.
        attributes: More of that toxic.
    """
    wanted = {"action": action, "nth": _NEVER, **attributes}
    with stage.proxy.toxic("redis_rule", stream=stream, **wanted) as toxic:
        yield Commands(stage.proxy, toxic.name)


def seen_in_redis(server: OwnedServer, key: str) -> str:
    """Return what Redis holds about an order, as far as the order's name is part of the key."""
    with server.client() as client:
        names = sorted(client.scan_iter(match=f"*{key}*"))
        held = [f"{_text(name)} = {_value(client, name)}" for name in names]
    return f"Redis holds {'; '.join(held)}" if held else "Redis holds nothing of it"


def _value(client: Any, name: bytes) -> str:
    kind = client.type(name)
    if kind == b"string":
        return _short(client.get(name))
    if kind == b"hash":
        fields = {_text(field): _text(value) for field, value in client.hgetall(name).items()}
        return _short(" ".join(f"{field}={value}" for field, value in fields.items()))
    return _text(kind)


def _short(value: bytes | str) -> str:
    text = value if isinstance(value, str) else _text(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")
