"""command_reply_lost: Redis applies a command, and the connection ends where its reply was due."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis.fault import ANY, Injection, RealFault
from harness.nemesis.figures import check_at_least
from harness.nemesis.site import Need
from harness.nemesis.toxics import Toxic, toxic_injection

if TYPE_CHECKING:
    from harness.nemesis.site import Site


def plan(site: Site, *, command: str = "", key: str = "", nth: int = 1) -> Injection:
    """Cut the connection instead of the reply to the *nth* command (from 1) that matches.

    Args:
        site: With an embedded Toxiproxy.
        command: Name of the command; empty means any.
        key: A pattern that one of its arguments must match; empty means any.
        nth: Which match is struck.

    Raises:
        WrongInputError: *nth* is below 1.
    """
    check_at_least("command_reply_lost", 1, nth=nth)
    proxy = site.the_proxy
    asked = {"command": command, "key": key, "nth": nth, "action": "cut"}
    toxic = Toxic("redis_rule", "downstream", asked)

    def meet() -> str:
        rule = proxy.get_toxic(toxic.name)
        struck = rule.attributes["struck"] if rule is not None else 0
        return f"it kept {struck} reply and cut the connection" if struck else ""

    return toxic_injection(proxy, [toxic], meet)


FAULT = RealFault(
    name="command_reply_lost",
    what="The `nth` command that matches is applied, and its connection is cut in place of the reply.",
    witness="The rule is read back from the Toxiproxy API, and says that it struck.",
    demand="May send the same again, if that is harmless. May not take its own claim for somebody else's.",
    heals="Replies pass again. The cut connection stays cut.",
    blast_radius="One connection through one proxy of ours.",
    needs=frozenset({Need.PROXY}),
    providers=ANY,
    plan=plan,
)
inject = FAULT.inject
