"""oom: memory is full, and the server refuses every write that may need more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis.directives import Directives
from harness.nemesis.evidence import error_of, told
from harness.nemesis.fault import OURS, Injection, RealFault
from harness.nemesis.site import Need

if TYPE_CHECKING:
    from harness.nemesis.site import Site

_PROBE = "stormproof:probe"


def plan(site: Site) -> Injection:
    """Set the memory limit below what is used. Inject while an effect runs, and its completion write is refused."""
    server = site.the_server
    directives = Directives(server, "maxmemory", "maxmemory-policy")

    def look() -> str:
        answered = error_of(server, "SET", _PROBE, "")
        # redis-py takes the word OOM, which makes the error's class, out of its text.
        if "OutOfMemory" not in answered:
            return ""
        used, limit = told(server, "memory", "used_memory"), told(server, "memory", "maxmemory")
        return f"{used} bytes are used of {limit}, a SET was answered {answered!r}"

    return Injection(
        strike=lambda: directives.set({"maxmemory-policy": "noeviction", "maxmemory": 1}),
        look=look,
        heal=(lambda: server.client().unlink(_PROBE), directives.restore),
    )


FAULT = RealFault(
    name="oom",
    what="The memory limit is set below what is used, without eviction: inside the block every write that may need "
    "memory is refused. Injected while an effect runs, it strikes the completion write.",
    witness="A SET is answered OOM, and more memory is used than allowed.",
    demand="May answer that it is in doubt. May not forget an effect that was done, nor run it again.",
    heals="Memory limit and policy are as before.",
    blast_radius="Every write to one server of ours.",
    needs=frozenset({Need.SERVER}),
    providers=OURS,
    plan=plan,
)
inject = FAULT.inject
