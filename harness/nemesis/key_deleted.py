"""key_deleted: somebody deletes one key by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis.evidence import run_id
from harness.nemesis.fault import OURS, Injection, RealFault
from harness.nemesis.site import Need

if TYPE_CHECKING:
    from harness.nemesis.site import Site


def plan(site: Site) -> Injection:
    """DEL the struck key."""
    server, key = site.the_server, site.key
    client = server.client()
    before = run_id(server)
    answers: list[int] = []

    def look() -> str:
        if answers != [1] or run_id(server) != before:
            return ""
        return f"DEL {key} was answered 1: it was there, and the same server removed it"

    return Injection(strike=lambda: answers.append(int(client.delete(key))), look=look)


FAULT = RealFault(
    name="key_deleted",
    what="DEL of the struck key, as an operator may do to make something run again.",
    witness="The server says that it removed a key, so it was there.",
    demand="May not take a record that is gone for one that never was, as far as it promises that.",
    heals="Nothing: what was deleted stays deleted.",
    blast_radius="One key of a server of ours.",
    needs=frozenset({Need.SERVER, Need.KEY}),
    providers=OURS,
    plan=plan,
)
inject = FAULT.inject
