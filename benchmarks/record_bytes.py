"""What a done effect costs in Redis: bytes per key, by MEMORY USAGE and by the growth of the whole server."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from benchmarks.rows import Row
from benchmarks.workload import NEVER, PAYLOAD, WrongAnswerError, fresh_ids, guard_on, server_for
from harness.redis_server.redis_py import info
from safety_core.idempotency import Mode, Outcome
from safety_core.idempotency.result_codec import encode_result

if TYPE_CHECKING:
    from benchmarks.rows import Effort

NAME = "record-bytes"

_RECORDS = 2_000
VENUE_RECEIPT = {
    "symbol": "BTCUSDT",
    "orderId": 28457,
    "clientOrderId": "o-6f1ed002ab5595859014ebf0951522d9",
    "transactTime": 1507725176595,
    "price": "0.00000000",
    "executedQty": "10.00000000",
    "status": "FILLED",
    "side": "BUY",
}
"""The fields of Binance's RESULT answer to a new order that a caller needs again."""


def record_bytes(effort: Effort) -> list[Row]:
    """Measure done records with a venue's receipt in them."""
    with server_for(Mode.STRICT) as server, guard_on(server, Mode.STRICT, tcp=False) as wrapper:
        client = server.client()
        ids = fresh_ids(effort.scaled(_RECORDS))
        before = cast("int", info(client, "memory")["used_memory_dataset"])
        for entity_id in ids:
            answer = wrapper.execute_once("order", entity_id, lambda _claim: VENUE_RECEIPT, payload=PAYLOAD)
            if answer.outcome is not Outcome.EXECUTED:
                raise WrongAnswerError(f"the guard answered {answer}; expected {Outcome.EXECUTED}")
        grown = cast("int", info(client, "memory")["used_memory_dataset"]) - before
        key = wrapper.terms.keys.key(ids[-1])
        usage = cast("int", client.memory_usage(key, samples=0))
        encoding = cast("bytes", client.object("encoding", key)).decode("ascii")
        receipt = len(encode_result(VENUE_RECEIPT))
    return [
        Row(
            benchmark=NAME,
            case="strict: a DONE record",
            durability=NEVER,
            note=f"{usage} bytes/key (MEMORY USAGE), {grown / len(ids):.0f} with index and expiry; "
            f"receipt {receipt} bytes, key {len(key)} bytes, {encoding}",
            figures={"memory_usage": usage, "server_growth_per_key": grown / len(ids), "receipt_bytes": receipt},
        )
    ]
