"""Tries a guard on a real Redis: a claim is made, refused to another process, replayed afterwards, removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from verify.rollout.errors import CannotCheckError
from verify.rollout.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.rollout.context import Context, Store
    from verify.rollout.rules import Guard

_LEASE_S = 30.0
_KEY = "stormproof-rollout-probe"
_WAIT_S = 30.0


def probe(context: Context, guard: Guard) -> tuple[list[Finding], str]:
    """Return what is wrong with the guard, and what was seen.

    Raises:
        CannotCheckError: There is no Redis, or the guard could not be called.
    """
    with context.open_store() as store:
        context.interpreter.run("prepare_guard", make=guard.make, url=store.url)
        before = len(store.keys())
        claimed = _call(context, guard, store, first=True)
        if late := claimed.get("other", {}).get("late"):
            raise CannotCheckError(
                f"another process asked {guard.make} while the first effect was running, and {late}; a guard that "
                "waits for the first to end has refused nothing"
            )
        kept = len(store.keys()) - before
        again = _call(context, guard, store, first=False)
        store.clear()
        left = len(store.keys())
        about = store.about
    findings = [
        Finding(rule="not-live", sentence=f"{guard.name} ({guard.make}) {said}")
        for said in _amiss(claimed, again, kept, left)
    ]
    said = "replayed" if "result" in again else f"refused ({_first_word(again)})"
    seen = (
        f"{guard.name}: live-probed on {about}: claimed, refused to another process meanwhile "
        f"({_first_word(claimed.get('other', {}).get('answer', {}))}), {said} afterwards, removed"
    )
    return findings, seen


def _call(context: Context, guard: Guard, store: Store, *, first: bool) -> dict[str, Any]:
    answer = context.interpreter.run(
        "call_guard",
        make=guard.make,
        url=store.url,
        lease_s=_LEASE_S,
        key=_KEY,
        payload={"quantity": 1},
        wait_s=_WAIT_S,
        first=first,
    )
    if not isinstance(answer, dict):
        raise CannotCheckError(f"{guard.make} could not be called")
    return answer


def _amiss(claimed: dict[str, Any], again: dict[str, Any], kept: int, left: int) -> Iterator[str]:
    """Yield what is wrong, each beginning with a verb."""
    if claimed["ran"] != 1:
        why = claimed.get("error", "and gave no reason")
        yield f"ran the first effect {claimed['ran']} times, where once was expected: {why}"
        return
    if "error" in claimed:
        yield f"failed after the first effect: {claimed['error']}"
    elif claimed["result"] != claimed["receipt"]:
        yield f"returned {claimed['result']!r} for the first effect, where its receipt was expected"
    yield from _amiss_meanwhile(claimed["other"])
    if kept <= 0:
        yield "left nothing in Redis, so that no other process can know of its claim"
    if again["ran"]:
        yield "ran the effect again after it was done"
    elif "result" in again and again["result"] != claimed["receipt"]:
        yield f"replayed {again['result']!r}, where {claimed['receipt']!r} was the result"
    if left:
        yield f"left {left} keys that could not be removed"


def _amiss_meanwhile(other: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong with what another process saw while the first effect was running."""
    if "failed" in other:
        yield f"could not be called by another process: {other['failed']}"
    elif other["answer"]["ran"]:
        yield "ran the effect a second time in another process, while the first was running"
    elif "error" not in other["answer"]:
        yield "refused nothing: another process was given a result while the first effect was running"


def _first_word(answer: dict[str, Any]) -> str:
    return str(answer.get("error", "no error")).partition(":")[0]
