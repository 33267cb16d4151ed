"""readonly_after_failover: another server has become primary, and the workers still talk to the one that was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis.evidence import error_of
from harness.nemesis.failing_over import follow, put_back, role
from harness.nemesis.fault import OWN, Injection, RealFault
from harness.nemesis.site import Need

if TYPE_CHECKING:
    from harness.nemesis.site import Site

_PROBE = "stormproof:probe"


def plan(site: Site) -> Injection:
    """Promote the replica, and make the primary its replica."""
    pair = site.the_pair

    def strike() -> None:
        pair.promote()
        follow(pair.primary, pair.replica)

    def look() -> str:
        # redis-py takes the word READONLY, which makes the error's class, out of its text.
        answered = error_of(pair.primary, "SET", _PROBE, "")
        if not answered.startswith("ReadOnlyError") or role(pair.primary) != "slave":
            return ""
        return f"the server that was primary is a replica, a SET was answered {answered!r}"

    return Injection(
        strike=strike, look=look, heal=(lambda: pair.primary.client().unlink(_PROBE), lambda: put_back(site))
    )


FAULT = RealFault(
    name="readonly_after_failover",
    what="The replica becomes primary, and the primary its replica. Connections to it stay open, and inside the "
    "block every write there is refused (READONLY).",
    witness="The server that was primary says that it is a replica, and answers READONLY to a SET.",
    demand="May answer with an error. May not take the refusal for a write, nor read from the replica what decides.",
    heals="The old primary takes over the data of the new one and is primary again.",
    blast_radius="A primary and a replica of ours.",
    needs=frozenset({Need.REPLICA}),
    providers=OWN,
    plan=plan,
)
inject = FAULT.inject
