"""The reference guard against its own scripts from a bare socket: what its Python costs on top of the round trips."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.bare_socket import BareSocket
from benchmarks.interleaving import side_by_side
from benchmarks.rows import Row
from benchmarks.workload import DURABILITY, fresh_ids, guard_on, guarded_calls, server_for
from safety_core.idempotency import Mode, Outcome

if TYPE_CHECKING:
    from benchmarks.interleaving import Samples
    from benchmarks.rows import Effort
    from harness.redis_server.server import RedisServer

FIRST_CALL = "guard-first-call"
REPLAY = "guard-replay"

_LIMIT = 1.6
_CALLS, _TURN = 600, 50
_SYNCED_CALLS, _SYNCED_TURN = 40, 2
"""With an fsync behind every write: few calls, and very short turns, because a disk has moods that last seconds."""
_DONE_RECORDS = 40


def first_call(effort: Effort) -> list[Row]:
    """Measure a first call in every mode."""
    rows = []
    for mode in (Mode.FAST, Mode.STRICT, Mode.DURABLE):
        with server_for(mode) as server:
            rows += [
                _row(FIRST_CALL, mode, tcp, _first_calls(server, mode, effort, tcp=tcp)) for tcp in (True, False)
            ]
    return rows


def replay(effort: Effort) -> list[Row]:
    """Measure the replay of a done effect in every mode."""
    rows = []
    for mode in (Mode.FAST, Mode.STRICT, Mode.DURABLE):
        with server_for(mode) as server:
            rows += [_row(REPLAY, mode, tcp, _replays(server, mode, effort, tcp=tcp)) for tcp in (True, False)]
    return rows


def _first_calls(server: RedisServer, mode: Mode, effort: Effort, *, tcp: bool) -> Samples:
    calls, turn = (_SYNCED_CALLS, _SYNCED_TURN) if mode is Mode.DURABLE else (_CALLS, _TURN)
    with guard_on(server, mode, tcp=tcp) as wrapper, BareSocket(server, wrapper, tcp=tcp) as bare:
        return side_by_side(
            {
                "bare": lambda n: bare.first_calls(fresh_ids(n)),
                "guard": lambda n: guarded_calls(wrapper, fresh_ids(n), Outcome.EXECUTED),
            },
            effort,
            calls=effort.scaled(calls),
            turn=turn,
        )


def _replays(server: RedisServer, mode: Mode, effort: Effort, *, tcp: bool) -> Samples:
    with guard_on(server, mode, tcp=tcp) as wrapper, BareSocket(server, wrapper, tcp=tcp) as bare:
        done = fresh_ids(_DONE_RECORDS)
        guarded_calls(wrapper, done, Outcome.EXECUTED)
        return side_by_side(
            {
                "bare": lambda n: bare.replays([done[at % _DONE_RECORDS] for at in range(n)]),
                "guard": lambda n: guarded_calls(
                    wrapper, [done[at % _DONE_RECORDS] for at in range(n)], Outcome.REPLAYED
                ),
            },
            effort,
            calls=effort.scaled(_CALLS),
            turn=_TURN,
        )


def _row(benchmark: str, mode: Mode, tcp: bool, samples: Samples) -> Row:
    floor = samples.latency("bare")
    return Row(
        benchmark=benchmark,
        case=f"{mode}, {'TCP' if tcp else 'unix'}: guard / bare socket",
        ratio=samples.ratio("guard", "bare"),
        limit=_LIMIT if tcp else None,
        latency=samples.latency("guard"),
        durability=DURABILITY[mode],
        note=f"bare {floor.p50_us:.0f}/{floor.p99_us:.0f} us",
        figures={"bare_p50_us": floor.p50_us, "bare_p99_us": floor.p99_us},
    )
