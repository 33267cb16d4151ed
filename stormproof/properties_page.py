"""The page of the generated claims. Its tables come from their registries; nothing is drawn for it."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from harness.conformance.bench import FAULTS
from harness.conformance.keeping import NAME, SAYS
from harness.conformance.machine import LEAPS, GuardMachine
from harness.conformance.planted import CAUGHT
from harness.conformance.profile import PROFILES
from harness.conformance.trial import JUMPS
from harness.subjects.broken.registry import PLANTED
from properties.registry import CLAIMS
from stormproof.markdown import NOTE, joined, table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ABOUT = """\
Hypothesis draws what nobody wrote down: long sequences of calls with changed orders, faults, crashes, lost stores,
jumps of time and reconciliations. `stormproof properties` draws them for the reference guard, or for `--subject`.
Every trial ends as each schedule of an exploration does: all is delivered again past the lease, reconciled and
settled. Then the checkers judge its history ([checkers.md](checkers.md)).

With the extra `properties`. Of a guard that is not the reference's the claim about guards is tried, and no other."""
_MACHINE = f"""\
A trial is a sequence of orders. A fault strikes a process at the step at which it stands, never after a time, so that
each order can be left out. What breaks the promise is shrunk until no order can be left out; each attempt is run and
judged; then it is searched for among the enumerated schedules, as [after a storm](storms.md).
A trial has at most {FAULTS} faults and {JUMPS} jumps of time, of {" or ".join(f"{leap:g}" for leap in LEAPS)}
leases; one in a few may lose its store, once. What the promise leaves out (`make.outside`) is not drawn.

A guard that says `make.effect_types` is called for each of these kinds of effects: `payload["effect_type"]` names it,
and `reconcile` is given it as `effect_type`."""
_OWN = """\
In a test of your own, without the command line:

```python test
from harness.conformance import check

from guard import make


def test_an_order_is_placed_once():
    check(make)
```

`check` raises an error with the smallest trial and the seed. Its options are those of the command: `profile`, `seed`,
`promise`, `kinds`, `redis`."""
_SEEDS = """\
All that is random is a draw of Hypothesis, from a stream of one seed that every report names. `--chaos-seed N` draws
the same again with the same stormproof and Hypothesis; the finding of a night names the seed of its round.
A night keeps what broke a claim in `stormproof-runs/examples` and tries it first the next time, unless a seed is
given."""


def properties_page(_root: Path) -> str:
    """Return the page."""
    claims = [(f"[`{NAME}`](../harness/conformance/keeping.py)", SAYS, "any guard")]
    claims += [(f"[`{name}`](../properties/{name}.py)", claim.says, "the core") for name, claim in CLAIMS.items()]
    sizes = [
        (f"`{profile.name}`", profile.what, str(profile.trials), str(profile.steps), str(profile.examples))
        for profile in PROFILES.values()
    ]
    caught = [(f"[`broken.{name}`](subjects.md)", PLANTED[name].bug, f"`{PLANTED[name].checker}`") for name in CAUGHT]
    return joined(
        [
            "# Generated claims",
            NOTE,
            _ABOUT,
            table(("claim", "what it says", "of"), claims),
            "## How a guard is tried",
            _MACHINE,
            table(("order", "what it does"), _orders()),
            "## How much is drawn",
            table(("profile", "what", "trials", "orders of one at most", "examples of every other claim"), sizes),
            _SEEDS,
            "## Planted guards that trials catch",
            table(("planted guard", "bug", "found by"), caught),
            "## In your own test",
            _OWN,
        ]
    )


def _orders() -> Iterator[tuple[str, str]]:
    """Yield each order that a trial shows, with what its rule says of itself."""
    told = ("begin", "call", "go_on", "reach_effect", "strike", "lose", "pass_time", "land", "come_back", "reconcile")
    for name in told:
        rule: Any = getattr(GuardMachine, name)
        words = [word for word in inspect.signature(rule).parameters if word != "self"]
        yield f"`{name}({', '.join(words)})`", inspect.cleandoc(rule.__doc__ or "")
