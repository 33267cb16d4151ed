"""noscript: the server starts again, keeps its data and knows no script any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis.evidence import error_of, run_id
from harness.nemesis.fault import OURS, Injection, RealFault
from harness.nemesis.return_of_server import bring_back
from harness.nemesis.site import Need

if TYPE_CHECKING:
    from harness.nemesis.site import Site

_SCRIPT = "return 'known to the server that was'"


def plan(site: Site) -> Injection:
    """Let the server know a script, kill it and start it."""
    server = site.the_server
    before = run_id(server)
    digest = str(server.client().script_load(_SCRIPT))

    def look() -> str:
        answered = error_of(server, "EVALSHA", digest, 0)
        if "NOSCRIPT" not in answered.upper() or run_id(server) in {"", before}:
            return ""
        return f"run id {run_id(server)} instead of {before}, a script that it knew was answered {answered!r}"

    return Injection(strike=server.restart, look=look, heal=(lambda: bring_back(server),))


FAULT = RealFault(
    name="noscript",
    what="SIGKILL of the server, which starts again at once: it keeps its data and has lost its scripts. Redis 6 "
    "writes them to its append-only file, so that there this does not happen.",
    witness="The run id is another one, and EVALSHA of a script that it knew is answered NOSCRIPT.",
    demand="Must send its scripts again. May not take NOSCRIPT for a refusal, nor run the effect without the claim.",
    heals="The server answers. Scripts are there again when somebody sends them.",
    blast_radius="One server of ours, and every connection to it.",
    needs=frozenset({Need.SERVER}),
    providers=OURS,
    plan=plan,
)
inject = FAULT.inject
