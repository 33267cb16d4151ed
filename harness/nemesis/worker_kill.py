"""worker_kill: a worker's process is gone in the middle of whatever it does. A story chooses the place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis.fault import ANY, Injection, RealFault
from harness.nemesis.site import Need
from harness.processes.child import is_running

if TYPE_CHECKING:
    from harness.nemesis.site import Site


def plan(site: Site) -> Injection:
    """Kill the worker. To strike at a place, hold the worker there before."""
    crew, name = site.the_crew, site.worker
    pid = crew.pid(name)

    def look() -> str:
        return "" if is_running(pid) else f"worker {name}, process {pid}, is gone"

    return Injection(strike=lambda: crew.kill(name), look=look)


FAULT = RealFault(
    name="worker_kill",
    what="SIGKILL of a worker, wherever it is. What it was doing ends there, and nobody cleans up after it.",
    witness="Its process is gone.",
    demand="May leave a claim that ends with its lease, or a doubt. May not run an effect again that may be done.",
    heals="Nothing: the worker stays dead, and its work is for others.",
    blast_radius="One worker.",
    needs=frozenset({Need.WORKERS}),
    providers=ANY,
    plan=plan,
)
inject = FAULT.inject
