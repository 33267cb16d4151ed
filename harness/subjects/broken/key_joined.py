"""Planted: key and account are joined with a colon that both may hold, so that two orders have one claim."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from harness.subjects.broken.footing import LIMITS, classify, connect, replay
from harness.subjects.broken.planted import Planted
from harness.subjects.contract import declare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.subjects.contract import Effect, Guard

PLANTED = Planted(
    bug="joins key and account with a colon: key `a:1` of account `2` and key `a` of account `1:2` have one claim",
    cure="escapes the colon in each part before it joins them",
    origin="celery-once 3.0.1: a='1_b-2' and a=1, b=2 give the same key (measured)",
    checker="truthful_outcome",
)

_as_declared = declare(promise="at_most_once", classify=classify, outside=LIMITS, reusable=True)


def _make(redis_url: str, *, escapes: bool) -> Guard:
    client = connect(redis_url)

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        parts = (key, str(payload["account"]))
        name = "once:" + ":".join(quote(part, safe="") if escapes else part for part in parts)
        if not client.set(name, "claimed", nx=True):
            return replay(key, client.get(name))
        receipt = effect(payload)
        client.set(name, json.dumps(receipt))
        return receipt

    return guard


@_as_declared
def make(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard with the bug; a claim never ends, so the lease is not used."""
    return _make(redis_url, escapes=False)


@_as_declared
def make_twin(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard without it."""
    return _make(redis_url, escapes=True)
