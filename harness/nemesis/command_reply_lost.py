"""command_reply_lost: Redis applies a command, and the connection ends where its reply was due."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis.fault import ANY, Injection, RealFault
from harness.nemesis.site import Need

if TYPE_CHECKING:
    from harness.nemesis.site import Site


def plan(site: Site, *, command: str = "", key: str = "", nth: int = 1) -> Injection:
    """Cut the connection instead of the reply to the *nth* command (from 1) that matches.

    Args:
        site: Where.
        command: Name of the command; empty means any.
        key: A pattern that one of its arguments must match; empty means any.
        nth: Which match is struck.
    """
    proxy, toxic = site.the_proxy, f"command_reply_lost {command} {key} {nth}"
    asked = {"command": command, "key": key, "nth": nth, "action": "cut"}

    def look() -> str:
        rule = proxy.get_toxic(toxic)
        if rule is None or not rule.attributes["struck"]:
            return ""
        seen = rule.attributes["matched"]
        return f"Toxiproxy read back: of {seen} commands the reply to number {nth} was kept, and the connection cut"

    def heal() -> None:
        if proxy.get_toxic(toxic) is not None:
            proxy.destroy_toxic(toxic)

    return Injection(
        strike=lambda: proxy.add_toxic(type="redis_rule", stream="downstream", name=toxic, attributes=asked),
        look=look,
        heal=(heal,),
    )


FAULT = RealFault(
    name="command_reply_lost",
    what="The `nth` command that matches is applied, and its connection is cut in place of the reply.",
    witness="The proxy's rule, read back, says that it struck.",
    demand="May send the same again, if that is harmless. May not take its own claim for somebody else's.",
    heals="Replies pass again. The cut connection stays cut.",
    blast_radius="One connection through one proxy of ours.",
    needs=frozenset({Need.PROXY}),
    providers=ANY,
    plan=plan,
)
inject = FAULT.inject
