"""replica_promotion: the primary dies, and a replica takes over that never got its last writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis.evidence import is_stopped, told
from harness.nemesis.failing_over import offset, put_back, role
from harness.nemesis.fault import OWN, Injection, RealFault
from harness.nemesis.site import Need
from harness.processes.child import is_running

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.nemesis.site import Site


def plan(site: Site, *, meanwhile: Callable[[], object] = lambda: None) -> Injection:
    """Cut the replica off, let *meanwhile* write, kill the primary, promote the replica.

    Where the replica is behind already (``partition_replica`` holds), nothing need be written meanwhile. Who is to
    work on goes to the replica: ``site.pair.replica``.
    """
    pair = site.the_pair
    pid = pair.primary.pid
    before = told(pair.primary, "replication", "master_replid")
    reached: list[int] = []

    def strike() -> None:
        stopped = pair.replica.pid
        pair.replica.pause()
        is_stopped(stopped)
        client = pair.primary.client()
        # Else what is on its way would still be read from the socket when the replica goes on.
        client.client_kill_filter(_type="replica")
        meanwhile()
        reached.append(offset(pair.primary))
        pair.primary.kill()
        pair.replica.resume()
        pair.promote()

    def look() -> str:
        if is_running(pid) or not reached or role(pair.replica) != "master":
            return ""
        now = told(pair.replica, "replication", "master_replid")
        if now == before or told(pair.replica, "replication", "master_replid2") != before:
            return ""
        # The first byte of its own; all before it is the old primary's.
        behind = reached[0] + 1 - int(told(pair.replica, "replication", "second_repl_offset"))
        if behind <= 0:
            return ""
        return f"a replica is primary with replication id {now} instead of {before}, without the last {behind} bytes"

    return Injection(strike=strike, look=look, heal=(lambda: put_back(site), pair.replica.resume))


FAULT = RealFault(
    name="replica_promotion",
    what="SIGKILL of the primary; its replica becomes primary without the writes that it had not received. Inside "
    "the block nobody answers at the primary's address.",
    witness="The replica is primary with another replication id, and its stream ends before the primary's did.",
    demand="What a replica acknowledged is there. Else as for a lost record: may answer that it is in doubt, may not "
    "run an effect again as if it were new.",
    heals="The old primary takes over the data of the new one and is primary again. What was lost stays lost.",
    blast_radius="A primary and a replica of ours, the last writes, and every connection to the primary.",
    needs=frozenset({Need.REPLICA}),
    providers=OWN,
    plan=plan,
)
inject = FAULT.inject
