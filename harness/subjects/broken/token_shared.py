"""Planted: all processes of a host have one token, so that each takes the claim of another for its own."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from harness.subjects.broken.footing import LIMITS, classify, connect, replay
from harness.subjects.broken.planted import Planted
from harness.subjects.contract import declare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.subjects.contract import Effect, Guard

PLANTED = Planted(
    bug="the token is the host's name: a process that finds it in the claim believes that the claim is its own",
    cure="a token of its own for every call",
    origin="redis/redis-py #416; NoneGG/aredis #119 (a token shared by threads or tasks)",
    checker="at_most_once",
)

_as_declared = declare(promise="at_most_once", classify=classify, outside=LIMITS, reusable=True)


def _make(redis_url: str, *, unique: bool) -> Guard:
    client = connect(redis_url)

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        name, token = f"once:{key}", str(uuid4()) if unique else socket.gethostname()
        if not client.set(name, f"claimed {token}", nx=True):
            held = client.get(name)
            # A claim that carries our token was ours all along: the reply to an earlier try was lost.
            if held != f"claimed {token}".encode():
                return replay(key, held)
        receipt = effect(payload)
        client.set(name, json.dumps(receipt))
        return receipt

    return guard


@_as_declared
def make(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard with the bug; a claim never ends, so the lease is not used."""
    return _make(redis_url, unique=False)


@_as_declared
def make_twin(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard without it."""
    return _make(redis_url, unique=True)
