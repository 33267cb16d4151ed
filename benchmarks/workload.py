"""What every contender is given to do: one payload, one effect that costs nothing, one receipt."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import count
from time import perf_counter
from typing import TYPE_CHECKING

from harness.explorer.gate.placement import on_one_core
from harness.redis_server.server import RedisServer
from safety_core.idempotency import GuardSettings, Mode, Outcome, SideEffectWrapper

if TYPE_CHECKING:
    from collections.abc import Iterator

PAYLOAD = {"symbol": "BTCUSDT", "side": "BUY", "quantity": "0.1"}
RECEIPT = {"order_id": 12345, "status": "FILLED"}

ALWAYS = "appendonly yes, appendfsync always"
NEVER = "appendonly no"
DURABILITY = {Mode.FAST: NEVER, Mode.STRICT: NEVER, Mode.DURABLE: f"{ALWAYS}, WAITAOF"}
"""What the server of each mode's benchmark is told about keeping data."""

_numbers = count(1)


class WrongAnswerError(Exception):
    """A contender did not do what is measured, so its figures mean nothing."""


def effect(_claim: object) -> dict[str, object]:
    """Do nothing and return the receipt."""
    return RECEIPT


def fresh_ids(calls: int) -> list[str]:
    """Return so many entity ids that were never used."""
    return [f"ord-{next(_numbers):08d}" for _ in range(calls)]


@contextmanager
def server_for(mode: Mode) -> Iterator[RedisServer]:
    """Run a server with the durability that *mode* needs, on one core with this process."""
    durable = mode is Mode.DURABLE
    with (
        RedisServer(appendonly=durable, appendfsync="always" if durable else "everysec") as server,
        on_one_core(server.pid),
    ):
        yield server


@contextmanager
def guard_on(server: RedisServer, mode: Mode, *, tcp: bool) -> Iterator[SideEffectWrapper]:
    """Give a guard of *mode* whose store is prepared and whose scripts the server knows."""
    url = server.tcp_url if tcp else server.url
    with SideEffectWrapper(url, settings=GuardSettings(mode=mode)) as wrapper:
        wrapper.prepare()
        guarded_calls(wrapper, fresh_ids(1), Outcome.EXECUTED)
        yield wrapper


def guarded_calls(wrapper: SideEffectWrapper, entity_ids: list[str], expected: Outcome) -> list[float]:
    """Call the guard for each of *entity_ids*; return the seconds that each took.

    Raises:
        WrongAnswerError: An answer was not the one *expected*.
    """
    spent = []
    for entity_id in entity_ids:
        began = perf_counter()
        answer = wrapper.execute_once("order", entity_id, effect, payload=PAYLOAD)
        spent.append(perf_counter() - began)
        if answer.outcome is not expected or answer.result != RECEIPT:
            raise WrongAnswerError(f"the guard answered {answer}; expected {expected}")
    return spent
