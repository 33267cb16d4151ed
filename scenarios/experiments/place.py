"""Where the activities of an experiment act: on the stage of a story, or on a site that the experiment describes.

There is one place at a time, as the Chaos Toolkit runs one experiment at a time. What was injected there is healed
when the place is left, whatever became of the experiment.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from harness.errors import CouldNotRunError, WrongInputError
from harness.nemesis.fault import NotWitnessedError
from harness.nemesis.registry import find
from harness.nemesis.site import Site
from harness.toxiproxy.choice import RunningToxiproxy, parse_toxiproxy
from harness.toxiproxy.client import ToxiproxyClient

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.nemesis.fault import Strike
    from scenarios.stage import Stage

TOXIPROXY, PROXY, REDIS = "stormproof_toxiproxy", "stormproof_proxy", "stormproof_redis"
"""What describes a site in an experiment's ``configuration``: the API's URL, the proxy's name, the URL through it."""


class Place:
    """One place.

    Attributes:
        site: What may be acted on.
        stage: The stage, where a story is told.
    """

    def __init__(self, site: Site, stage: Stage | None = None) -> None:
        self.site = site
        self.stage = stage
        self._open: dict[str, tuple[ExitStack, Strike]] = {}

    def inject(self, name: str, *, at: str, arguments: Mapping[str, Any]) -> str:
        """Inject a fault and keep it; return what shows that it bit, where that can be seen at once.

        Raises:
            WrongInputError: There is no such fault, or it is injected already, or an argument makes no sense.
            CouldNotRunError: The site lacks what it needs.
        """
        fault = find(name)
        if name in self._open:
            raise WrongInputError(f"{name} is injected already; heal it before it is injected again")
        unknown = sorted(arguments.keys() - fault.arguments.keys())
        if unknown:
            raise WrongInputError(f"{name} takes no {', '.join(unknown)}; expected {', '.join(fault.arguments)}")
        with ExitStack() as stack:
            if self.stage is not None:
                strike = stack.enter_context(self.stage.strike(fault, at=at, **arguments)).strike
            else:
                strike = stack.enter_context(fault.inject(self.site, **arguments))
            self._open[name] = (stack.pop_all(), strike)
        with suppress(NotWitnessedError):
            return strike.witness()
        return "injected; nothing shows yet that it bit"

    def heal(self, name: str) -> str:
        """Heal a fault; return what showed that it bit.

        Raises:
            WrongInputError: It is not injected.
            NotWitnessedError: Nothing showed it. It is healed all the same.
        """
        if name not in self._open:
            raise WrongInputError(f"{name} is not injected; injected are: {', '.join(self._open) or 'none'}")
        stack, strike = self._open.pop(name)
        stack.close()
        return strike.witness()

    def heal_all(self) -> list[str]:
        """Heal whatever is injected, the last first; return the names."""
        healed = list(reversed(self._open))
        with ExitStack() as healing:
            for stack, _ in self._open.values():
                healing.callback(stack.close)
            self._open = {}
        return healed


_here: list[Place] = []


@contextmanager
def opened(place: Place) -> Iterator[Place]:
    """Make *place* the one where activities act, for the length of the block; heal what is left in the end."""
    _here.append(place)
    try:
        yield place
    finally:
        try:
            place.heal_all()
        finally:
            _here.remove(place)


def here(configuration: Mapping[str, Any] | None = None) -> Place:
    """Return the place that is open; without one, open the site that the experiment's configuration describes.

    Raises:
        CouldNotRunError: There is none, and the configuration describes none.
    """
    if not _here:
        _here.append(Place(_described(configuration or {})))
    return _here[-1]


def leave() -> None:
    """Heal what is left at a place that :func:`here` has opened, and forget it."""
    while _here and _here[-1].stage is None:
        _here.pop().heal_all()


def _described(configuration: Mapping[str, Any]) -> Site:
    missing = [name for name in (TOXIPROXY, PROXY, REDIS) if not configuration.get(name)]
    if missing:
        raise CouldNotRunError(
            f"Looked for the site of an experiment: its configuration lacks {', '.join(missing)}. Give them, or run "
            "it with `stormproof campaign --from-experiment FILE`, which brings a site of its own."
        )
    choice = parse_toxiproxy(str(configuration[TOXIPROXY]))
    if not isinstance(choice, RunningToxiproxy):
        raise WrongInputError(f"{TOXIPROXY} is {configuration[TOXIPROXY]!r}; expected http://HOST:PORT")
    proxies = ToxiproxyClient(choice.host, choice.port).proxies()
    name = str(configuration[PROXY])
    if name not in proxies:
        raise WrongInputError(f"{PROXY} is {name!r}; that Toxiproxy has {', '.join(sorted(proxies)) or 'no proxy'}")
    return Site(proxy=proxies[name], proxy_url=str(configuration[REDIS]))
