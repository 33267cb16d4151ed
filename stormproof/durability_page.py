"""The page of the durability lattice. Its tables come from the lattice itself; nothing is measured for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.durability.lattice import AXES, RULES, full, smoke
from stormproof.markdown import NOTE, joined, table
from stormproof.source_facts import members
from verify.durability.cell import Crash
from verify.durability.cited import CITED
from verify.durability.matrix import Fate

if TYPE_CHECKING:
    from pathlib import Path

_ABOUT = """\
A configuration of Redis is a promise about what it keeps. `stormproof campaign --tier durability` holds that promise
against real servers. Each cell of the lattice is one configuration and one crash:

1. The servers start, and `check-redis` says its word for a guard that waits as the configuration says.
2. In calm, the reference guard places half of the orders at the venue. Beside it, as many plain claims are written.
3. The other half follows: before a failover, while the way to the replica is silent.
4. The crash. What shows that it happened is read back from the server: its run id, its offset, `evicted_keys`.
5. How many of the acknowledged plain claims are there is counted. A write is acknowledged when the server has
   answered OK, and WAITAOF or WAIT has confirmed it where the guard waits for that.
6. Every order is delivered again, and the guard may ask the venue. The checkers count what landed twice, and what was
   acknowledged and is not in the book."""

_MATRIX = """\
The verdict is about the validator, and about the guard. VALID means that none of these was seen:

- OK, yet something acknowledged was lost, an effect landed twice, or no claim was answered in calm;
- WARNING, yet acknowledged writes were lost by a killed process or by memory pressure: that is what CRITICAL says;
- CRITICAL without such a loss, without a refusal and without a source; WARNING without any loss and without a source.

A configuration is flagged for any crash that can befall it, so its flag is borne out by any of them. A cell without a
witness makes the tier UNKNOWN."""

_LOSS = """\
A power loss cannot be had on demand. `tail_cut` stands for one: the server is killed, and then its append-only file
is cut as far as the [Redis documentation](https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/)
on persistence allows. With `appendfsync always` nothing that was acknowledged is cut; with `everysec` the last
second, but nothing that WAITAOF has confirmed; with `appendfsync no` the last 30 seconds; without the file the server
goes back to its last save point."""


def durability_page(root: Path) -> str:
    """Return the page."""
    source = root / "verify/durability"
    crashes, fates = members(source / "cell.py", "Crash"), members(source / "matrix.py", "Fate")
    return joined(
        [
            "# What each Redis configuration keeps",
            NOTE,
            _ABOUT,
            _sizes(),
            table(("axis", "values"), ((axis, ", ".join(f"`{value}`" for value in AXES[axis])) for axis in AXES)),
            "## Crashes",
            table(("crash", "what is done"), ((f"`{crash}`", crashes[crash.name][1]) for crash in Crash)),
            _LOSS,
            "## Cells that are left out",
            table(("left out", "because"), ((rule.leaves_out, rule.because) for rule in RULES)),
            "## The matrix",
            _MATRIX,
            table(("fate", "meaning"), ((f"`{fate}`", fates[fate.name][1]) for fate in Fate)),
            "Flags that no cell can measure, with their sources:",
            table(("check", "case", "why"), ((f"`{check}`", when, why) for (check, when), why in CITED.items())),
        ]
    )


def _sizes() -> str:
    whole, few = len(full()), len(smoke())
    return (
        f"The whole lattice has {whole} cells. A campaign that does not ask for the tier measures {few} of them, "
        "unless its profile is `full`."
    )
