"""flushall: somebody empties the server by mistake while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis.evidence import run_id
from harness.nemesis.fault import OURS, Injection, RealFault
from harness.nemesis.site import Need

if TYPE_CHECKING:
    from harness.nemesis.site import Site


def plan(site: Site) -> Injection:
    """FLUSHALL."""
    server = site.the_server
    client = server.client()
    before = run_id(server)
    counts: list[int] = []

    def strike() -> None:
        # One transaction: whatever workers write comes before all three or behind them.
        pipe = client.pipeline(transaction=True)
        pipe.dbsize()
        pipe.flushall()
        pipe.dbsize()
        held, _, left = pipe.execute()
        counts.extend([held, left])

    def look() -> str:
        if counts[1:] != [0] or counts[0] == 0 or run_id(server) != before:
            return ""
        return f"the same server had {counts[0]} keys before FLUSHALL and {counts[1]} behind it"

    return Injection(strike=strike, look=look)


FAULT = RealFault(
    name="flushall",
    what="FLUSHALL by mistake. Connections and scripts stay.",
    witness="The server counts no key behind it, and counted some before.",
    demand="May refuse to work on a store that was emptied. May not take it for a fresh start, as far as it promises "
    "that.",
    heals="Nothing: what was deleted stays deleted.",
    blast_radius="All keys of a server of ours.",
    needs=frozenset({Need.SERVER}),
    providers=OURS,
    plan=plan,
)
inject = FAULT.inject
