"""The report of call sites: a use is found by whatever way its name came, and only what a guard calls is guarded."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from verify.history.words import Verdict
from verify.rollout.call_sites import call_sites
from verify.rollout.checks import idempotency
from verify.rollout.rules import Effects
from verify.rollout.tests.trees import context_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from verify.rollout.manifest import Baseline

PLACE = "execution.orders.place_order"
ORDERS = {"execution/__init__.py": "", "execution/orders.py": "def place_order(*asked):\n    pass\n"}
IMPORT = "from execution.orders import place_order\n"
SEND = f"{IMPORT}def send(asked):\n    place_order(asked)\n\n"
METHOD = (
    f"{IMPORT}class Desk:\n    def run(self):\n        %s\n    def _send(self, asked):\n        place_order(asked)\n"
)


def written(tree: Path, files: Mapping[str, str]) -> Path:
    """Return a tree of these files."""
    for path, text in {**ORDERS, **files}.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text, encoding="utf-8")
    return tree


def seen(tree: Path, function: str = PLACE, roots: tuple[str, ...] = (".",)) -> tuple[list[str], list[str]]:
    """Return the uses as texts, and what is said of functions that cannot be found."""
    effects = Effects(functions=(function,), guards=("once",), unguarded_in=("live/**",))
    sites, lacking = call_sites(tree, effects, roots)
    assert {site.function for site in sites} <= {function}
    said = {(True, False): "guarded", (False, False): "not guarded", (False, True): "allowed"}
    return [f"{site.path}:{site.line} {said[site.is_guarded, site.is_allowed]}" for site in sites], lacking


USES = {
    "lambda": (f"{IMPORT}guard.once(1, lambda: place_order(2))\n", "a.py:2 guarded"),
    "keyword": (f"{IMPORT}guard.once(key=1, effect=lambda: place_order(2))\n", "a.py:2 guarded"),
    "itself": (f"{IMPORT}guard.once(1, place_order)\n", "a.py:2 guarded"),
    "bound": (f"{IMPORT}guard.once(1, functools.partial(place_order, 2))\n", "a.py:2 guarded"),
    "decorated": (f"{IMPORT}@guard.once('key')\ndef send():\n    place_order(2)\n", "a.py:4 guarded"),
    "function": (f"{SEND}guard.once(1, send)\n", "a.py:3 guarded"),
    "method": (METHOD % "self.guard.once(1, self._send)", "a.py:6 guarded"),
    "before-the-guard": (f"{IMPORT}guard.once(1, place_order(2))\n", "a.py:2 not guarded"),
    "function-called-past-it": (f"{SEND}guard.once(1, send)\nsend(2)\n", "a.py:3 not guarded"),
    "method-called-past-it": (METHOD % "self.guard.once(1, self._send(2))", "a.py:6 not guarded"),
    "guard-of-another-name": (f"{IMPORT}guard.twice(1, lambda: place_order(2))\n", "a.py:2 not guarded"),
    "long": (f"{IMPORT}place_order({' + '.join(['1'] * 900)})\n", "a.py:2 not guarded"),
}


@pytest.mark.parametrize("case", USES)
def test_only_what_a_guard_calls_is_guarded(tmp_path: Path, case: str) -> None:
    """What is called to make an argument of the guard runs before the guard is asked."""
    text, said = USES[case]
    assert seen(written(tmp_path, {"a.py": text})) == ([said], [])


WAYS = {
    "module": {"a.py": "import execution.orders as o\no.place_order(1)\n"},
    "star": {"a.py": "from execution.orders import *\nplace_order(1)\n"},
    "package": {
        "execution/__init__.py": "from .orders import place_order\n",
        "a.py": "from execution import place_order\nplace_order(1)\n",
    },
    "package-of-a-star": {
        "execution/__init__.py": "from .orders import *\n",
        "a.py": "import execution\nexecution.place_order(1)\n",
    },
    "other-name": {"b.py": f"{IMPORT[:-1]} as send\n", "a.py": "from b import send\nsend(1)\n"},
    "module-passed-on": {"b.py": "import execution.orders as o\n", "a.py": "from b import o\no.place_order(1)\n"},
}


@pytest.mark.parametrize("way", WAYS)
def test_a_use_is_found_by_whatever_way_the_name_came(tmp_path: Path, way: str) -> None:
    """Through packages that pass it on, under other names, and by stars."""
    assert seen(written(tmp_path, WAYS[way])) == (["a.py:2 not guarded"], [])


def test_modules_are_looked_up_in_the_import_roots(tmp_path: Path) -> None:
    """Where they lie in a folder of their own, no name begins with that folder."""
    orders = {f"src/{path}": text for path, text in ORDERS.items()}
    more = {
        "src/execution/near.py": "from .orders import place_order\nplace_order(1)\n",
        "src/live/far.py": f"{IMPORT}place_order(1)\n",
    }
    tree = written(tmp_path, orders | more)
    said = ["src/execution/near.py:2 not guarded", "src/live/far.py:2 not guarded"]
    assert seen(tree, roots=("src",)) == (said, [])


def test_a_use_where_the_rules_allow_it_is_listed(tmp_path: Path) -> None:
    """And so is one in the file of the function itself; modules that pass a name round lead nowhere."""
    files = {
        "live/trading.py": f"{IMPORT}place_order(1)\n",
        "execution/orders.py": "def place_order():\n    pass\n\ndef again():\n    place_order()\n",
        "b.py": "from c import place_order\nplace_order()\n",
        "c.py": "from b import place_order\n",
    }
    said = ["execution/orders.py:5 not guarded", "live/trading.py:2 allowed"]
    assert seen(written(tmp_path, files)) == (said, [])


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("execution.orders.place_oder", "the tree neither has nor uses it"),
        ("venue.Client.submit", "the tree neither has nor uses it"),
        ("execution.desk.Desk.submit", "is a method, and whose method is called cannot be read"),
    ],
)
def test_a_function_whose_uses_cannot_be_found_is_named(tmp_path: Path, function: str, said: str) -> None:
    """Else a misspelt name would have no call without a guard, for ever."""
    tree = written(tmp_path, {"execution/desk.py": "class Desk:\n    def submit(self):\n        pass\n"})
    uses, (lacking,) = seen(tree, function)
    assert uses == []
    assert lacking.startswith(function)
    assert said in lacking


def test_such_a_function_leaves_the_check_unknown(tree: Path, baseline: Baseline) -> None:
    """And so does a source that is no Python."""
    effects = Effects(functions=("execution.orders.place_oder",), guards=("once",), unguarded_in=())
    rules = replace(baseline.rules, effects=effects, guards=())
    context = context_of(tree, replace(baseline, rules=rules))
    said = {finding.rule: finding for finding in idempotency.check(context).findings}
    assert said["no-function"].verdict is Verdict.UNKNOWN
    (tree / "adapters/orders.py").write_text("place_oder(")
    (first, _) = idempotency.check(context).findings
    assert (first.verdict, first.sentence[:46]) == (Verdict.UNKNOWN, "adapters/orders.py cannot be read as Python: '")


def test_a_function_of_a_library_is_found_by_its_uses(tmp_path: Path) -> None:
    """The tree need not have it."""
    tree = written(tmp_path, {"a.py": "import requests\nrequests.post(1)\n"})
    assert seen(tree, "requests.post") == (["a.py:2 not guarded"], [])
