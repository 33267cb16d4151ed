"""A strict first call against what people use instead: redis-py's Lock, and the idempotency of Powertools for AWS.

All run the same effect over TCP with a fresh key each time. Neither rival does as much: the lock keeps no result and
compares no payload, Powertools marks the end without a token.
"""

from __future__ import annotations

import importlib
import warnings
from time import perf_counter
from typing import TYPE_CHECKING, Any

from benchmarks.interleaving import side_by_side
from benchmarks.rows import Row
from benchmarks.workload import (
    DURABILITY,
    PAYLOAD,
    RECEIPT,
    WrongAnswerError,
    effect,
    fresh_ids,
    guard_on,
    guarded_calls,
    server_for,
)
from safety_core.idempotency import Mode, Outcome

if TYPE_CHECKING:
    from benchmarks.interleaving import Turn
    from benchmarks.rows import Effort
    from harness.redis_server.server import RedisServer

NAME = "guard-vs-others"

_LIMIT = 1.0
_CALLS, _TURN = 400, 40
_LEASE_S = 30.0
_POWERTOOLS = "powertools"
_INSTALL = "pip install 'aws-lambda-powertools[redis]' boto3"


def versus_others(effort: Effort) -> list[Row]:
    """Measure the strict guard, the lock, and Powertools where it is installed."""
    with server_for(Mode.STRICT) as server, guard_on(server, Mode.STRICT, tcp=True) as wrapper:
        contenders: dict[str, Turn] = {
            "guard": lambda n: guarded_calls(wrapper, fresh_ids(n), Outcome.EXECUTED),
            "Lock": _lock(server),
        }
        try:
            contenders[_POWERTOOLS] = _powertools(server)
        except ImportError as error:
            missing = f"{error}; {_INSTALL}"
        else:
            missing = ""
        samples = side_by_side(contenders, effort, calls=effort.scaled(_CALLS), turn=_TURN)
    rows = []
    for rival, called in (("Lock", "redis-py Lock"), (_POWERTOOLS, "powertools")):
        case = f"strict, TCP: guard first call / {called}"
        if rival not in contenders:
            rows.append(Row(benchmark=NAME, case=case, limit=_LIMIT, limit_included=False, not_run=missing))
            continue
        theirs = samples.latency(rival)
        rows.append(
            Row(
                benchmark=NAME,
                case=case,
                ratio=samples.ratio("guard", rival),
                limit=_LIMIT,
                limit_included=False,
                latency=samples.latency("guard"),
                durability=DURABILITY[Mode.STRICT],
                note=f"{called} {theirs.p50_us:.0f}/{theirs.p99_us:.0f} us",
                figures={"rival_p50_us": theirs.p50_us, "rival_p99_us": theirs.p99_us},
            )
        )
    return rows


def _lock(server: RedisServer) -> Turn:
    client = server.client(tcp=True)

    def turn(calls: int) -> list[float]:
        spent = []
        for entity_id in fresh_ids(calls):
            began = perf_counter()
            with client.lock(f"lock:{entity_id}", timeout=_LEASE_S):
                effect(None)
            spent.append(perf_counter() - began)
        return spent

    return turn


class _Context:
    """What Powertools wants to know of the function that it runs in."""

    def get_remaining_time_in_millis(self) -> int:
        """Return the lease, in milliseconds."""
        return round(_LEASE_S * 1000)


def _powertools(server: RedisServer) -> Turn:
    """Return a turn of Powertools.

    Raises:
        ImportError: It is not installed.
    """
    with warnings.catch_warnings():
        # It announces its own renamings while it is imported.
        warnings.simplefilter("ignore")
        library: Any = importlib.import_module("aws_lambda_powertools.utilities.idempotency")
        stores: Any = importlib.import_module("aws_lambda_powertools.utilities.idempotency.persistence.redis")
        layer = stores.RedisCachePersistenceLayer(client=server.client(tcp=True))

    config = library.IdempotencyConfig()
    # Without a context it warns of the missing one with every call, which costs time.
    config.register_lambda_context(_Context())

    @library.idempotent_function(  # type: ignore[untyped-decorator]
        data_keyword_argument="order",
        persistence_store=layer,
        config=config,
    )
    def place(*, order: dict[str, str]) -> dict[str, object]:
        return effect(order)

    def turn(calls: int) -> list[float]:
        orders = [{**PAYLOAD, "id": entity_id} for entity_id in fresh_ids(calls)]
        spent = []
        for order in orders:
            began = perf_counter()
            answer = place(order=order)
            spent.append(perf_counter() - began)
            if answer != RECEIPT:
                raise WrongAnswerError(f"Powertools answered {answer!r}; expected {RECEIPT!r}")
        return spent

    return turn
