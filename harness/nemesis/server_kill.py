"""server_kill: the server's process is gone, and comes back with what it had written down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis.evidence import run_id
from harness.nemesis.fault import OURS, Injection, RealFault
from harness.nemesis.return_of_server import bring_back
from harness.nemesis.site import Need
from harness.processes.child import is_running

if TYPE_CHECKING:
    from harness.nemesis.site import Site


def plan(site: Site) -> Injection:
    """Kill the server; it is down until healed."""
    server = site.the_server
    pid, before = server.pid, run_id(server)

    def look() -> str:
        if not is_running(pid):
            now = run_id(server)
            after = f"run id {now} instead of {before}" if now else "nobody answers at its address"
            return f"the server's process {pid} is gone, {after}"
        return ""

    return Injection(strike=server.kill, look=look, heal=(lambda: bring_back(server),))


FAULT = RealFault(
    name="server_kill",
    what="SIGKILL of the server. It is down inside the block, and starts again with the data that it kept.",
    witness="Its process is gone and nobody answers; afterwards the run id is another one.",
    demand="May answer with an error. May not run an effect again whose claim or result the server kept.",
    heals="The server answers at the same address, with the data that its configuration keeps.",
    blast_radius="One server of ours, and every connection to it.",
    needs=frozenset({Need.SERVER}),
    providers=OURS,
    plan=plan,
)
inject = FAULT.inject
