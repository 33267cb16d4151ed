"""half_open: the server has forgotten its connections, and the workers have not heard of it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import redis

from harness.nemesis.evidence import LOOK_S
from harness.nemesis.fault import OURS, Injection, RealFault
from harness.nemesis.site import Need
from harness.nemesis.toxics import Toxic, toxic_injection
from harness.redis_server.redis_py import make_client

if TYPE_CHECKING:
    from harness.nemesis.site import Site

_AN_HOUR_MS = 3_600_000
_UNIX = "U"
"""The flag of a connection over a unix socket, in CLIENT LIST."""


def plan(site: Site) -> Injection:
    """Let the server close every connection that came over TCP, and keep that from the clients."""
    server = site.the_server
    url = site.url_through_proxy
    # Open before anything is wrong, and closed by the server with all the others.
    ours = make_client(url, timeout_s=LOOK_S)
    number = int(ours.client_id())
    toxic = Toxic("slow_close", "downstream", {"delay": _AN_HOUR_MS})

    def forget() -> None:
        client = server.client()
        for each in client.client_list(_type="normal"):
            if _UNIX not in each["flags"]:
                with contextlib.suppress(redis.ResponseError):
                    # Gone by itself meanwhile.
                    client.client_kill_filter(_id=each["id"])
        client.close()

    def meet() -> str:
        client = server.client()
        known = {int(each["id"]) for each in client.client_list()}
        client.close()
        if number in known:
            return ""
        try:
            ours.ping()
        except redis.TimeoutError as error:
            return f"the server knows connection {number} no more, and on it a PING saw {error!r}"
        except redis.ConnectionError:
            return ""
        return ""

    return toxic_injection(site.the_proxy, [toxic], meet, further=forget)


FAULT = RealFault(
    name="half_open",
    what="The server closes its TCP connections, and the proxy keeps that from the clients: their half stays open, "
    "and what they send arrives nowhere.",
    witness="The toxics are read back from the Toxiproxy API; the server does not know a connection any more on "
    "which a PING waits for an answer.",
    demand="May answer with an error or that it is in doubt. May not wait for ever, nor take silence for a command "
    "not applied.",
    heals="The toxics are gone. The proxy closes the half-open connections; new ones hold.",
    blast_radius="Every TCP connection to one server of ours, through the proxy or past it.",
    needs=frozenset({Need.SERVER, Need.PROXY}),
    providers=OURS,
    plan=plan,
)
inject = FAULT.inject
