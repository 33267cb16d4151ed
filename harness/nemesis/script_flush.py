"""script_flush: somebody empties the server's memory of scripts while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis.evidence import error_of, run_id
from harness.nemesis.fault import OURS, Injection, RealFault
from harness.nemesis.site import Need

if TYPE_CHECKING:
    from harness.nemesis.site import Site

_SCRIPT = "return 'known before the flush'"


def plan(site: Site) -> Injection:
    """SCRIPT FLUSH."""
    server = site.the_server
    client = server.client()
    before = run_id(server)
    digest = str(client.script_load(_SCRIPT))

    def look() -> str:
        answered = error_of(server, "EVALSHA", digest, 0)
        if "NOSCRIPT" not in answered.upper() or run_id(server) != before:
            return ""
        return f"the same server, and a script that it knew was answered {answered!r}"

    return Injection(strike=client.script_flush, look=look)


FAULT = RealFault(
    name="script_flush",
    what="SCRIPT FLUSH, as an operator or a deployment may do. Connections stay open.",
    witness="The run id is the same, and EVALSHA of a script that it knew is answered NOSCRIPT.",
    demand="Must send its scripts again. May not take NOSCRIPT for a refusal, nor run the effect without the claim.",
    heals="Scripts are there again when somebody sends them.",
    blast_radius="All scripts of one server of ours.",
    needs=frozenset({Need.SERVER}),
    providers=OURS,
    plan=plan,
)
inject = FAULT.inject
