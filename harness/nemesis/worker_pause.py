"""worker_pause: a worker stops in the middle of whatever it does, and comes back, perhaps past its lease."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis.evidence import STOPPED, is_stopped
from harness.nemesis.fault import ANY, Injection, RealFault
from harness.nemesis.site import Need
from harness.processes.child import process_state

if TYPE_CHECKING:
    from harness.nemesis.site import Site


def plan(site: Site) -> Injection:
    """Stop the worker until healed. To let its lease run out meanwhile, wait inside, or move the server's clock."""
    crew, name = site.the_crew, site.worker
    pid = crew.pid(name)

    def look() -> str:
        return f"the kernel says that worker {name} ({pid}) is stopped" if process_state(pid) == STOPPED else ""

    def strike() -> None:
        crew.pause(name)
        is_stopped(pid)

    return Injection(strike=strike, look=look, heal=(lambda: crew.resume(name),))


FAULT = RealFault(
    name="worker_pause",
    what="SIGSTOP of a worker, wherever it is. Past its lease its work is given to another, and it comes back after.",
    witness="The kernel's state of its process is T.",
    demand="May answer late. May not run an effect, nor write a result, with a claim that another has taken over.",
    heals="SIGCONT: it goes on where it was, with whatever it believed then.",
    blast_radius="One worker.",
    needs=frozenset({Need.WORKERS}),
    providers=ANY,
    plan=plan,
)
inject = FAULT.inject
