"""server_pause: the server stops, keeps its connections, and goes on later as if nothing had been."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis.evidence import STOPPED, is_stopped
from harness.nemesis.fault import OURS, Injection, RealFault
from harness.nemesis.site import Need
from harness.processes.child import process_state

if TYPE_CHECKING:
    from harness.nemesis.site import Site


def plan(site: Site) -> Injection:
    """Stop the server until healed."""
    server = site.the_server
    pid = server.pid

    def look() -> str:
        return f"the kernel says that the server's process {pid} is stopped" if process_state(pid) == STOPPED else ""

    def strike() -> None:
        server.pause()
        is_stopped(pid)

    return Injection(strike=strike, look=look, heal=(server.resume,))


FAULT = RealFault(
    name="server_pause",
    what="SIGSTOP of the server. Inside the block it answers nobody, and its connections stay open.",
    witness="The kernel's state of its process is T.",
    demand="May answer with an error, or late. May not act on a lease that ran out while nobody answered.",
    heals="SIGCONT: it goes on, does what was sent meanwhile, and lets the keys end whose time is over.",
    blast_radius="One server of ours, and everybody who asks it.",
    needs=frozenset({Need.SERVER}),
    providers=OURS,
    plan=plan,
)
inject = FAULT.inject
