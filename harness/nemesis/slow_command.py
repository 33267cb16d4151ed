"""slow_command: somebody's command does not end, and the server does nothing else meanwhile."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import redis

from harness import clock
from harness.nemesis.directives import Directives
from harness.nemesis.evidence import LOOK_S, error_of
from harness.nemesis.fault import OURS, Injection, RealFault
from harness.nemesis.figures import check_at_least
from harness.nemesis.site import Need
from harness.processes.child import process_state

if TYPE_CHECKING:
    from harness.nemesis.site import Site

_ENDLESS = "while true do end"
_LIMIT = "lua-time-limit"
_DEADLINE_S = 5.0


def plan(site: Site, *, silent_ms: int = 1000) -> Injection:
    """Run a script that does not end: nobody is answered for *silent_ms* milliseconds, then everybody BUSY.

    Raises:
        WrongInputError: *silent_ms* is below 1.
    """
    check_at_least("slow_command", 1, silent_ms=silent_ms)
    server = site.the_server
    pid = server.pid
    directives = Directives(server, _LIMIT)
    # Own connections from the start: nobody gets a new one from a server that is busy.
    slow, killer = server.client(), server.client(timeout_s=silent_ms / 1e3 + _DEADLINE_S)
    connection = slow.connection_pool.get_connection()
    killer.ping()

    def strike() -> None:
        directives.set({_LIMIT: silent_ms})
        connection.send_command("EVAL", _ENDLESS, 0)  # type: ignore[no-untyped-call]
        until_ns = clock.elapsed_ns() + int(_DEADLINE_S * 1e9)
        while not look() and clock.elapsed_ns() < until_ns:
            clock.pause_s(0.001)

    def look() -> str:
        answered = error_of(server, "PING", timeout_s=LOOK_S)
        is_blocked = answered.startswith("TimeoutError") or "BUSY" in answered.upper()
        if not is_blocked or process_state(pid) != "R":
            return ""
        return f"the server's process {pid} computes, a PING saw {answered!r}"

    def end_it() -> None:
        with contextlib.suppress(redis.ResponseError):
            # It refuses where there is no script to end.
            killer.script_kill()
        connection.disconnect()  # type: ignore[no-untyped-call]
        killer.close()

    return Injection(strike=strike, look=look, heal=(directives.restore, end_it))


FAULT = RealFault(
    name="slow_command",
    what="A script that does not end keeps the server busy: inside the block it answers nobody for `silent_ms` "
    "milliseconds, and then everybody BUSY.",
    witness="A PING is not answered, or answered BUSY, while the server's process computes.",
    demand="May answer with an error, or late. May not take silence for a command that was not applied.",
    heals="The script is ended; the server does what was sent meanwhile.",
    blast_radius="One server of ours, and everybody who asks it.",
    needs=frozenset({Need.SERVER}),
    providers=OURS,
    plan=plan,
)
inject = FAULT.inject
