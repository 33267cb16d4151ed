"""replies_lost: the server does what it is asked, and some replies are lost together with their connections."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from harness.errors import CouldNotRunError
from harness.nemesis.fault import ANY, Injection, RealFault
from harness.nemesis.figures import check_at_least
from harness.nemesis.site import Need
from harness.toxiproxy.errors import BadToxiproxyRequestError

if TYPE_CHECKING:
    from harness.nemesis.site import Site


def plan(site: Site, *, command: str = "", every: int = 5, times: int = 10) -> Injection:
    """Lose the reply to every *every*-th *command* (any, where it is empty), *times* times (each 1 or more).

    Raises:
        WrongInputError: A figure is below 1.
    """
    check_at_least("replies_lost", 1, every=every, times=times)
    proxy = site.the_proxy
    names = [f"nemesis_reply_{number}" for number in range(1, times + 1)]

    def strike() -> None:
        for number, name in enumerate(names, start=1):
            rule = {"command": command, "nth": number * every, "action": "cut"}
            try:
                proxy.add_toxic(type="redis_rule", stream="downstream", name=name, attributes=rule)
            except BadToxiproxyRequestError as error:
                raise CouldNotRunError(
                    f"Tried to inject replies_lost: this Toxiproxy does not know Redis commands ({error}). Use "
                    "--toxiproxy embedded."
                ) from error

    def look() -> str:
        there = proxy.toxics()
        lost = sum(int(there[name].attributes["struck"]) for name in names if name in there)
        seen = max((int(there[name].attributes["matched"]) for name in names if name in there), default=0)
        return f"{proxy.name} counted {seen} replies and cut the connection instead of {lost} of them" if lost else ""

    def destroy(name: str) -> None:
        if proxy.get_toxic(name) is not None:
            proxy.destroy_toxic(name)

    return Injection(strike=strike, look=look, heal=tuple(partial(destroy, name) for name in names))


FAULT = RealFault(
    name="replies_lost",
    what="Every `every`-th reply to `command` (to any, where it is empty) is lost, `times` times: the server did "
    "what it was asked, and the connection ends instead.",
    witness="Toxiproxy's own count of replies in whose place it cut the connection.",
    demand="May ask again where that changes nothing, or answer that it is in doubt. May not take a lost reply for a "
    "command not applied.",
    heals="The rules are gone; new connections hold.",
    blast_radius="Connections through one proxy, one after the other.",
    needs=frozenset({Need.PROXY}),
    providers=ANY,
    plan=plan,
)
inject = FAULT.inject
