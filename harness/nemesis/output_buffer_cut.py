"""output_buffer_cut: the server closes the connection of whoever is owed a large reply."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis.directives import Directives
from harness.nemesis.evidence import error_of, run_id
from harness.nemesis.fault import OURS, Injection, RealFault
from harness.nemesis.figures import check_at_least
from harness.nemesis.site import Need

if TYPE_CHECKING:
    from harness.nemesis.site import Site

_NAME = "client-output-buffer-limit"
_LONG_REPLY = "return string.rep('.', tonumber(ARGV[1]))"
_OWN_BUFFER = 1 << 20
"""More than what a server keeps for a client before it counts: 16 KB, and 64 KB in some builds."""


def plan(site: Site, *, limit: int = 1024) -> Injection:
    """Let the server close the connection of a client that is owed more than *limit* bytes (1 or more).

    Raises:
        WrongInputError: *limit* is below 1, which would mean no limit.
    """
    check_at_least("output_buffer_cut", 1, limit=limit)
    server = site.the_server
    directives = Directives(server, _NAME)
    before = run_id(server)

    def look() -> str:
        answered = error_of(server, "EVAL", _LONG_REPLY, 0, limit + _OWN_BUFFER)
        if not answered.startswith("ConnectionError") or run_id(server) != before:
            return ""
        return f"the same server cut the connection that was owed {limit + _OWN_BUFFER} bytes: {answered}"

    return Injection(
        strike=lambda: directives.set({_NAME: f"normal {limit} 0 0"}), look=look, heal=(directives.restore,)
    )


FAULT = RealFault(
    name="output_buffer_cut",
    what="The server's output buffer for a client is limited to `limit` bytes: inside the block a client that asks "
    "for a long reply loses its connection. The command was applied.",
    witness="Whoever asks for a long reply is cut off, and the server is the same.",
    demand="As for a lost reply: may answer that it is in doubt, may not take the command for not applied.",
    heals="The limits are as before.",
    blast_radius="Connections of one server of ours that are owed long replies.",
    needs=frozenset({Need.SERVER}),
    providers=OURS,
    plan=plan,
)
inject = FAULT.inject
