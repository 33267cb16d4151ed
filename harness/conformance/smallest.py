"""Takes orders out of a trial that broke the promise until none can be taken out. Never loses the finding.

Hypothesis's own shrinker is not used for trials: what one order draws from depends on the orders before it, so that
it rarely can leave one out. Here each attempt is played, and judged like every trial.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.conformance.bench import PromiseBrokenError
from harness.conformance.orders import NOTHING, USUAL
from harness.conformance.player import Told, play_out
from harness.interruption import stop_if_asked
from harness.subjects.contract import USUAL_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.conformance.bench import Bench

_Orders = tuple[Told, ...]

_MOST_RUNS = 400
_SIMPLEST = {"kind": USUAL_TYPE, "stranger": "0", "entity": USUAL, "change": NOTHING, "steps": 1, "leases": 1.2}
_MAKERS = {"call": "w", "reconcile": "c"}
"""Orders that start a process, and the letter of its name."""


def smallest(bench: Bench, broken: PromiseBrokenError) -> PromiseBrokenError:
    """Return the same finding with as few orders as show it; as small as it came where that takes too many runs."""
    runs = 0
    smaller: PromiseBrokenError | None = broken
    while smaller is not None:
        broken = smaller
        smaller = None
        for attempt in _smaller(bench, broken.orders):
            if attempt == broken.orders or not any(told.what == "call" for told in attempt):
                continue
            runs += 1
            if runs > _MOST_RUNS:
                return broken
            smaller = _played(bench, attempt, broken.checker)
            if smaller is not None:
                break
    return broken


def _played(bench: Bench, attempt: _Orders, checker: str) -> PromiseBrokenError | None:
    """Play the orders; return how the same checker finds the promise broken, None where it does not."""
    stop_if_asked()
    try:
        play_out(bench, attempt)
    except PromiseBrokenError as error:
        # What could not be followed was left out, so that no attempt comes back longer than it was.
        return error if error.checker == checker else None
    return None


def _smaller(bench: Bench, orders: _Orders) -> Iterator[_Orders]:
    """Yield what is one step smaller: without an order, then with simpler words."""
    for at in range(len(orders) - 1, 0, -1):
        yield _without(orders, at)
    yield _with_usual_orders(orders)
    for at, told in enumerate(orders):
        for name, value in told.words.items():
            for simpler in _simpler(bench, name, value):
                changed = replace(told, words={**told.words, name: simpler})
                yield (*orders[:at], changed, *orders[at + 1 :])


def _with_usual_orders(orders: _Orders) -> _Orders:
    """Let all calls be of the usual order: two that meet on a stranger's meet there too."""
    usual = []
    for told in orders:
        words = dict(told.words)
        if "entity" in words:
            words["entity"] = USUAL
        if "called" in words:
            words["called"] = f"{USUAL},{words['called'].rpartition(',')[2]}"
        usual.append(replace(told, words=words))
    return tuple(usual)


def _simpler(bench: Bench, name: str, value: object) -> Iterator[object]:
    if name == "store" and value != bench.stores[0]:
        yield bench.stores[0]
    elif name == "steps" and isinstance(value, int):
        yield from range(1, value)
    elif name in _SIMPLEST and value != _SIMPLEST[name]:
        yield _SIMPLEST[name]


def _without(orders: _Orders, at: int) -> _Orders:
    """Leave an order out, with all that names the process that it starts; later processes move up."""
    rest = [*orders[:at], *orders[at + 1 :]]
    letter = _MAKERS.get(orders[at].what)
    if letter is None:
        return tuple(rest)
    gone = sum(told.what == orders[at].what for told in orders[:at]) + (letter == "c")
    name = re.compile(rf"(?<![\w.]){letter}(\d+)(?=$|[!.])")
    kept = []
    for told in rest:
        named = [int(found) for word in told.words.values() for found in name.findall(str(word))]
        if gone in named:
            continue
        words = {
            key: name.sub(lambda found: _moved_up(letter, int(found[1]), gone), value)
            if isinstance(value, str) and key in {"process", "blow", "late"}
            else value
            for key, value in told.words.items()
        }
        kept.append(replace(told, words=words))
    return tuple(kept)


def _moved_up(letter: str, number: int, gone: int) -> str:
    return f"{letter}{number - (number > gone)}"
