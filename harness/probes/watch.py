"""Looks at every probe before, while and after something goes wrong; the first breach of a limit ends the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import clock
from harness.probes.registry import ALL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.nemesis.site import Site
    from harness.probes.limits import Limit

APART_S = 0.25
"""At least so long from one look to the next while something goes wrong."""
BEFORE, DURING, AFTER = "before", "during", "after"


class Watch:
    """The probes of one site.

    Attributes:
        readings: What was seen, by the word for when, by probe: the worst, which is the highest.
    """

    def __init__(self, site: Site, limits: Sequence[Limit]) -> None:
        """Watch *site*; nothing is read yet."""
        self.readings: dict[str, dict[str, float | None]] = {}
        self._site = site
        self._limits = limits
        self._next_ns = 0

    def look(self, when: str) -> None:
        """Read every probe, one after the other, up to the first that is past a limit.

        Where the way is slow a reading takes seconds, and whoever is to be spared waits for the end of the run.

        Raises:
            BreachedError: One is past a limit.
        """
        worst = self.readings.setdefault(when, {})
        for name, probe in ALL.items():
            known, figure = worst.get(name), probe.measure(self._site)
            worst[name] = figure if known is None or (figure is not None and figure > known) else known
            for limit in self._limits:
                if limit.probe == name:
                    limit.check({name: figure})
        self._next_ns = clock.elapsed_ns() + int(APART_S * 1e9)

    def look_on(self) -> None:
        """Look while something goes wrong, where there are limits and it is time.

        Raises:
            BreachedError: As :meth:`look`.
        """
        if self._limits and clock.elapsed_ns() >= self._next_ns:
            self.look(DURING)

    def sentence(self) -> str:
        """Return what was seen in one line."""
        said = [f"{name} {', '.join(self._figures(name))}" for name in ALL]
        return f"probes: {'; '.join(said)}"

    def _figures(self, name: str) -> list[str]:
        told = []
        for when, seen in self.readings.items():
            figure = seen.get(name)
            told.append(f"{when} {'unread' if figure is None else f'{figure:.4g}'}")
        return told
