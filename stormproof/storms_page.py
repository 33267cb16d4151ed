"""The page of the storms: what rages, what goes wrong meanwhile, what becomes of it. Figures come from the code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.storm.asked import LEASE_S
from harness.storm.catches import CATCHES, SECONDS
from harness.storm.inject import WORDS
from harness.storm.workload import EFFECT_TYPES, GENERATION_NS, KEYS
from stormproof.demoting import BOUNDS, BUDGET_S, KINDS_OF
from stormproof.markdown import NOTE, joined, table
from stormproof.saying import count

if TYPE_CHECKING:
    from harness.storm.inject import Word

_GENERATION_MS = GENERATION_NS // 1_000_000

_ABOUT = """\
A storm is many users who guard effects at once, by the thousand, while things go wrong. Locust drives them;
stormproof records what each of them did, and what the venue really did, and judges all of it. It needs the
extra `storm`:

```sh
pip install '.[clock,storm]'
stormproof storm --seconds 30 --inject kill:3@5s..20s,latency:200ms@10s..15s
```

Locust's exit code is never the verdict, and a storm in which nothing was called shows nothing. Exit codes are
those of every other command."""

_USERS = f"""\
Each user has a guard of its own, from a module that was executed for it alone, and delivers one order after the
other: effects of the types {", ".join(f"`{name}`" for name in EFFECT_TYPES)}.
Every {_GENERATION_MS} ms there are {KEYS} new keys of each type, of which a few are hot (Zipf), and all users
draw among the same ones. What is not settled is delivered again after a while; earlier orders are, too; and where the
promise covers it, a key is now and then used with another payload. A claim is {LEASE_S:g} s in a storm: a short
lease, so that what a dead worker held is free again before the storm is over.

All draws come from `--seed`, a stream for each user. Which user is first is up to the machine: a storm is no
schedule, and cannot be replayed. What it finds is searched for among the schedules, see below.

`--processes` are processes of Locust, among which `--users` are shared out. `--web` serves Locust's own page on
loopback, with a row for each type of effect and each answer of the guard."""

_WRONG = """\
`--inject` is a list of `WORD[:SIZE]@FROM[..TO]`, separated by commas; times are seconds since the users began.
Faults of the network go through a Toxiproxy (`--toxiproxy`). Each leaves a witness."""

_JUDGED = """\
In the end all faults are healed. Every call that was never answered, every order whose last answer was not OK
or a conflict, and some of the others are delivered again past the lease, from fresh processes, up to three
times, and the guard may reconcile in between. Then new orders must be placed as before.

Each event of a key is in one of the pieces in which the history is stored, so that the pieces are judged one
after the other: memory does not grow with the storm. The checkers are those of every other tier
([checkers.md](checkers.md)). A fault without a witness, a worker process that ended by itself, a machine that
was lost with its record: the storm is UNKNOWN, unless something was broken. `stormproof judge FOLDER` judges it
again. What stands in the folder is explained in [results.md](results.md); `storm.svg` shows answers, latencies
and faults on one time line."""

_SEES = f"""\
Each of these planted guards ([subjects.md](subjects.md)) is INVALID in a storm of {SECONDS} s, by the checker that
must see it, and a schedule shows the same. What needs a rare order of steps is the business of the explorer."""

_MACHINES = """\
One machine leads, and others join it:

```sh
stormproof storm --master --bind 10.0.0.5 --processes 8 --seconds 300 --inject kill:5@30s..200s
stormproof storm --worker --master-host 10.0.0.5 --processes 4
```

`--processes` of the one that leads is how many worker processes it waits for, from all others together. They
need four ports of it, from `--port` on: for the conversation, for Redis (through a Toxiproxy of the leader's),
for the venue, and for Locust. The default address is loopback: what is spoken there is neither encrypted nor
authenticated, so bind to a network in which you trust everybody. A subject of yours must be on every machine
under the same name.

Clocks of two machines agree only as far as can be measured: events of another machine are dated by that end of
their interval that accuses nobody. A machine hands in its record at the end. If it is lost before, the run says
so and is UNKNOWN. [examples/storm](../examples/storm) has a Dockerfile, a file for docker compose and manifests
for Kubernetes."""


def storms_page() -> str:
    """Return the page."""
    rows = [
        (f"`{word}`", _form(word, meaning), meaning.what, f"[`{meaning.kind}`](real-faults.md)")
        for word, meaning in WORDS.items()
    ]
    caught = [
        (f"`{name}`", f"`{checker}`", f"`{inject}`" if inject else "no fault")
        for name, (checker, inject) in CATCHES.items()
    ]
    kinds = [(f"`{fault}`", ", ".join(f"`{kind}`" for kind in found)) for fault, found in KINDS_OF.items()]
    return joined(
        [
            "# Storms",
            NOTE,
            _ABOUT,
            "## What the users do",
            _USERS,
            "## What goes wrong",
            _WRONG,
            table(("word", "form", "what happens", "fault"), rows),
            "## What is judged",
            _JUDGED,
            "## What a storm sees",
            _SEES,
            table(("guard", "caught by", "under"), caught),
            "## The shortest schedule",
            _demoted(),
            table(("in the storm", "among the schedules ([faults.md](faults.md))"), kinds),
            "## Several machines",
            _MACHINES,
        ]
    )


def _demoted() -> str:
    bounds = ", then ".join(f"{workers} workers and {count(faults, 'fault')}" for workers, faults in BOUNDS)
    return (
        "A promise that a storm broke is searched for among the enumerated schedules of the same subject: with\n"
        f"{bounds},\neach for {BUDGET_S:g} s at most, under the explorer's kinds of the faults that struck. "
        "What is found is shrunk\nand comes with its replay line; where nothing is found, the report says up to "
        "which bound."
    )


def _form(word: str, meaning: Word) -> str:
    """Return how a word is written."""
    if not meaning.lasts:
        return f"`{word}@FROM`, `{word}:TIMES@FROM..TO`"
    size = f"[:SIZE{meaning.unit}]" if meaning.argument else ""
    usual = f"; usual is {meaning.usual}{meaning.unit}" if meaning.argument else ""
    return f"`{word}{size}@FROM..TO`{usual}"
