"""The floor: the guard's own scripts, packed in advance, sent from a socket that does nothing else.

It runs the same effect and reads until a reply is whole, but parses nothing and decides nothing.
"""

from __future__ import annotations

import socket
from time import perf_counter
from typing import TYPE_CHECKING, Self

from benchmarks.workload import PAYLOAD, RECEIPT, WrongAnswerError, effect
from safety_core.idempotency import EffectType
from safety_core.idempotency.intent import make_intent
from safety_core.idempotency.lua import CLAIM, START, bulk, bulk_text
from safety_core.idempotency.result_codec import encode_result
from safety_core.idempotency.terms import TYPE_BULK

if TYPE_CHECKING:
    from harness.redis_server.server import RedisServer
    from safety_core.idempotency import SideEffectWrapper

_RECEIVED = 4096
_MARK = b"$1\r\nD\r\n$1\r\nr\r\n"
_ORDER = EffectType.ORDER


class BareSocket:
    """One connected socket that sends what the guard *wrapper* would send."""

    def __init__(self, server: RedisServer, wrapper: SideEffectWrapper, *, tcp: bool) -> None:
        """Connect, and learn from *wrapper*, which has met the store, what its packets hold."""
        self._terms = wrapper.terms
        self._tail = self._terms.claim_tail(wrapper.store_report().identity, quarantined=False)
        self._result = bulk(encode_result(RECEIPT))
        self._confirmed = b"*2\r\n:1\r\n:0\r\n" if self._terms.wait else b""
        self._socket = socket.socket(socket.AF_INET if tcp else socket.AF_UNIX)
        self._socket.connect(("127.0.0.1", server.port) if tcp else str(server.unix_path))
        if tcp:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def packets(self, entity_id: str) -> tuple[bytes, ...]:
        """Return what a first call for *entity_id* sends, step by step; the first one alone is a replay."""
        terms = self._terms
        intent = make_intent(terms, _ORDER, entity_id, PAYLOAD, minted_at=None, resume=None, store_result=True)
        names = intent.key_bulk + intent.token_bulk
        claim = CLAIM.head[9] + names + bulk_text(intent.payload_hash) + TYPE_BULK[_ORDER] + self._tail
        finish = terms.finish.head[5] + names + _MARK + self._result + terms.retention
        steps = (claim, START.head[1] + names, finish) if terms.starts else (claim, finish)
        return tuple(step + terms.wait for step in steps)

    def first_calls(self, entity_ids: list[str]) -> list[float]:
        """Guard one effect for each of *entity_ids*; return the seconds that each took."""
        prepared = [self.packets(entity_id) for entity_id in entity_ids]
        ask = self._ask
        spent = []
        for *before, finish in prepared:
            began = perf_counter()
            for packet in before:
                ask(packet)
            effect(None)
            reply = ask(finish)
            spent.append(perf_counter() - began)
            if not reply.startswith(b":1\r\n"):
                raise WrongAnswerError(f"the bare socket's FINISH was answered {reply!r}; expected :1")
        return spent

    def replays(self, entity_ids: list[str]) -> list[float]:
        """Ask again for each of *entity_ids*, which are done; return the seconds that each took."""
        prepared = [self.packets(entity_id)[0] for entity_id in entity_ids]
        ask = self._ask
        spent = []
        for packet in prepared:
            began = perf_counter()
            reply = ask(packet)
            spent.append(perf_counter() - began)
            if b"DONE" not in reply:
                raise WrongAnswerError(f"the bare socket's CLAIM was answered {reply!r}; expected DONE")
        return spent

    def _ask(self, packet: bytes) -> bytes:
        self._socket.sendall(packet)
        reply = self._socket.recv(_RECEIVED)
        while not reply.endswith(self._confirmed):  # b"" ends everything: a plain script's reply comes in one piece
            more = self._socket.recv(_RECEIVED)
            if not more:
                raise WrongAnswerError(f"the server closed the connection after {reply!r}")
            reply += more
        return reply
