"""config_forbidden: the server refuses CONFIG, as managed ones do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis.evidence import error_of
from harness.nemesis.fault import OURS, Injection, RealFault
from harness.nemesis.site import Need

if TYPE_CHECKING:
    from harness.nemesis.site import Site


def plan(site: Site) -> Injection:
    """Take CONFIG away from everybody."""
    server = site.the_server

    def rule(word: str) -> None:
        client = server.client()
        try:
            client.execute_command("ACL", "SETUSER", "default", word)  # type: ignore[no-untyped-call]
        finally:
            client.close()

    def look() -> str:
        answered = error_of(server, "CONFIG", "GET", "maxmemory")
        return f"CONFIG GET was answered {answered!r}" if "permission" in answered.lower() else ""

    return Injection(strike=lambda: rule("-config"), look=look, heal=(lambda: rule("+config"),))


FAULT = RealFault(
    name="config_forbidden",
    what="An ACL takes CONFIG away from everybody, as a managed service does.",
    witness="CONFIG GET is answered NOPERM.",
    demand="Must work as before. May not take what it cannot see for what it wants to see.",
    heals="The ACL gives CONFIG back.",
    blast_radius="The default user of one server of ours.",
    needs=frozenset({Need.SERVER}),
    providers=OURS,
    plan=plan,
)
inject = FAULT.inject
