"""loading: the server starts again and answers LOADING while it reads a long append-only file."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import redis

from harness.errors import WrongInputError
from harness.nemesis.evidence import error_of, run_id, told
from harness.nemesis.fault import OWN, Injection, RealFault
from harness.nemesis.return_of_server import bring_back
from harness.nemesis.site import Need
from harness.nemesis.waiting import until

if TYPE_CHECKING:
    from harness.nemesis.site import Site
    from harness.redis_server.server import RedisServer

_DELAY_US = 1
_PER_COMMAND_S = 55e-6
"""What the shortest sleep of the kernel takes. A server looks at its clients every 1,024 commands."""
_KEY = b"stormproof:loading"


def plan(site: Site, *, longest_s: float = 5.0) -> Injection:
    """Kill the server, lengthen its append-only file, and start it; it loads for *longest_s* seconds at most.

    Raises:
        WrongInputError: *longest_s* is not above 0.
    """
    if longest_s <= 0:
        raise WrongInputError(f"loading: longest_s must be above 0, not {longest_s:g}")
    server = site.own_server
    before = run_id(server)

    def strike() -> None:
        server.kill()
        with server.append_only_file().open("ab") as file:
            file.write(_resp(b"SELECT", b"0"))
            file.write(_resp(b"INCR", _KEY) * int(longest_s / _PER_COMMAND_S))
            file.write(_resp(b"DEL", _KEY))
        server.restart(config={"key-load-delay": str(_DELAY_US)}, until_loaded=False)

    def look() -> str:
        answered = error_of(server, "GET", _KEY)
        if "LOADING" not in answered.upper() or (now := run_id(server)) == before:
            return ""
        return f"run id {now} instead of {before}, a GET was answered {answered!r}"

    return Injection(strike=strike, look=look, heal=(lambda: bring_back(server), lambda: _hurry(server)))


def _hurry(server: RedisServer) -> None:
    """Let the server load at full speed, and return when it has."""
    if not run_id(server):
        return
    with contextlib.suppress(redis.ResponseError):
        # Redis 6 takes no CONFIG SET while it loads, and has to be waited for.
        server.client().config_set("key-load-delay", "0")
    until(lambda: told(server, "persistence", "loading") == "0", "the server to load its data")


def _resp(*words: bytes) -> bytes:
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


FAULT = RealFault(
    name="loading",
    what="SIGKILL of the server. It starts again with a long append-only file, and answers LOADING inside the block, "
    "for `longest_s` seconds at most.",
    witness="A command is answered LOADING, and the run id is another one.",
    demand="May answer with an error, or later. May not take the error for a record that is not there.",
    heals="The server has loaded all that it kept, and answers.",
    blast_radius="One server of ours, and every connection to it.",
    needs=frozenset({Need.APPEND_ONLY}),
    providers=OWN,
    plan=plan,
)
inject = FAULT.inject
