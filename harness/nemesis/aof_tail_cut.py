"""aof_tail_cut: the server dies and comes back without its last writes, as after a power loss without fsync."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from harness.nemesis.appended import last_writes, writes_of
from harness.nemesis.evidence import run_id
from harness.nemesis.fault import OWN, Injection, RealFault
from harness.nemesis.figures import check_at_least
from harness.nemesis.return_of_server import bring_back
from harness.nemesis.site import Need

if TYPE_CHECKING:
    from harness.nemesis.appended import Write
    from harness.nemesis.site import Site


def plan(site: Site, *, writes: int = 1) -> Injection:
    """Kill the server, cut its last *writes* (1 or more) from its append-only file, and start it.

    Raises:
        WrongInputError: *writes* is below 1.
    """
    check_at_least("aof_tail_cut", 1, writes=writes)
    server = site.own_server
    before = run_id(server)
    lost: list[Write] = []

    def strike() -> None:
        server.kill()
        path = server.append_only_file()
        last = last_writes(path, writes)
        os.truncate(path, last[0].begins)
        left = writes_of(path)
        lost.extend(write for write in last if write not in left)
        server.restart()

    def look() -> str:
        if len(lost) != writes or run_id(server) in {"", before}:
            return ""
        said = ", ".join(str(write) for write in lost)
        return f"run id {run_id(server)} instead of {before}, and it came back without: {said}"

    return Injection(strike=strike, look=look, heal=(lambda: bring_back(server),))


FAULT = RealFault(
    name="aof_tail_cut",
    what="SIGKILL of the server; its last `writes` writes are cut from the append-only file; it starts again.",
    witness="The run id is another one, and the writes are no longer in the file from which it started.",
    demand="With `appendfsync always` this cannot happen, and nothing is promised. Else as for a lost record: "
    "may answer that it is in doubt, may not run an effect again as if it were new.",
    heals="The server answers. What was cut stays lost.",
    blast_radius="One server of ours, its last writes, and every connection to it.",
    needs=frozenset({Need.APPEND_ONLY}),
    providers=OWN,
    plan=plan,
)
inject = FAULT.inject
