"""The parts of the example talk by events: the trading flow tells, the adaptive side listens, and neither calls."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from stormproof.documents import ROOT

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLE = ROOT / "examples/trading_app"
TOLD = """
import json, sys, threading
import yaml
from pathlib import Path
from adapters.adaptation import let_listen
from adapters.announcing import AnnouncingVenue
from adapters.orders import NotPlacedError, make, place_once, prepare
from events.bus import Bus
from events.kinds import BiasProposed, OrderSubmitted
from live.trading import on_prices

class Venue:
    def __init__(self):
        self.orders = []
    def submit(self, order):
        self.orders.append(order)
        return {"id": len(self.orders), "filled": order["quantity"]}

bus, book, seen = Bus(most_waiting=8), Venue(), []
venue = AnnouncingVenue(book, bus)
config = yaml.safe_load(Path("config/config.yaml").read_text("utf-8"))
PRICES = [100.0, 101.0, 102.5, 103.0, 104.0]
"""


def play(what: str, *words: str) -> Any:
    """Run a program in the example by a fresh interpreter; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = ['.', {str(ROOT)!r}]\n{TOLD}\n{what}", *words],
        cwd=EXAMPLE,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_an_order_is_heard_of_and_answered_by_an_event() -> None:
    """The live flow trades as ever, and a proposal comes back on the bus, once the adaptive side is switched on."""
    said = play("""
config["adaptive"]["enabled"] = True
is_on = let_listen(bus, config)
bus.listen(BiasProposed, seen.append)
receipts = [on_prices(venue, "BTC", PRICES, 0.0) for _ in range(3)]
bus.close()
print(json.dumps([is_on, len(receipts), [each.outcomes for each in seen], bus.failures]))
""")
    assert said == [True, 3, [1, 2, 3], 0]


def test_nothing_listens_unless_it_is_switched_on() -> None:
    """With the configuration as it is in the tree, orders are placed and nobody proposes anything."""
    said = play("""
is_on = let_listen(bus, config)
bus.listen(BiasProposed, seen.append)
on_prices(venue, "BTC", PRICES, 0.0)
bus.close()
print(json.dumps([is_on, len(book.orders), len(seen)]))
""")
    assert said == [False, 1, 0]


def test_a_listener_that_fails_or_hangs_stops_no_order() -> None:
    """Orders go on while one listener raises and another never returns; what finds the queue full is counted."""
    said = play("""
go, held = threading.Event(), threading.Event()
def fail(event):
    raise RuntimeError("a listener's own trouble")
def hang(event):
    held.set()
    go.wait()
bus.listen(OrderSubmitted, fail)
bus.listen(OrderSubmitted, hang)
on_prices(venue, "BTC", PRICES, 0.0)
held.wait()
for _ in range(20):
    on_prices(venue, "BTC", PRICES, 0.0)
dropped = bus.dropped
go.set()
bus.close()
bus.tell(OrderSubmitted({}, {}))
print(json.dumps([len(book.orders), dropped, bus.failures, bus.dropped]))
""")
    assert said == [21, 12, 9, 13]


def test_an_order_that_is_asked_for_again_is_told_of_once(redis_server: Any) -> None:
    """The guard replays its receipt, so that the venue takes nothing, and there is nothing to tell."""
    said = play(
        """
prepare(sys.argv[1])
guard = make(sys.argv[1], 30.0)
bus.listen(OrderSubmitted, seen.append)
receipts = [place_once(guard, venue, "decision-1", "BTC", 2.0) for _ in range(3)]
bus.close()
print(json.dumps([receipts, len(seen), seen[0].receipt]))
""",
        redis_server.url,
    )
    receipt = {"id": 1, "filled": 2.0}
    assert said == [[receipt] * 3, 1, receipt]


@pytest.mark.parametrize(
    ("part", "knows"),
    [
        ("adaptive", {"adaptive", "events"}),
        ("events", set()),
        ("execution", set()),
        ("live", {"execution", "execution_safety", "model", "risk"}),
    ],
)
def test_the_parts_know_the_events_and_not_each_other(part: str, knows: set[str]) -> None:
    """What listens imports the events alone; what trades does not even know of them."""
    assert _imported(EXAMPLE / part) == knows


def _imported(folder: Path) -> set[str]:
    """Return the parts of the example that a part imports, those for types included."""
    parts = {path.name for path in EXAMPLE.iterdir() if path.is_dir()}
    found: set[str] = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found |= {name.partition(".")[0] for name in names}
    return found & parts
