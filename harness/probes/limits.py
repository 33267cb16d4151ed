"""Limits of probes, as ``--abort-when`` says them: the breach of one ends a run, and everything is healed."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import CouldNotRunError, WrongInputError
from harness.probes.registry import ALL

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FORM = "PROBE>FIGURE or PROBE<FIGURE"
"""The accepted form, as help text."""

_FORM = re.compile(r"\s*(\w+)\s*([<>])\s*(\d+(?:\.\d+)?)\s*")
_SAYS: dict[str, Callable[[float, float], bool]] = {">": operator.gt, "<": operator.lt}


class BreachedError(CouldNotRunError):
    """A probe was past its limit: the run was ended there."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What must not be seen.

    Attributes:
        text: As it was given.
        probe: The probe's name.
        sign: ``>`` or ``<``.
        bound: The figure.
    """

    text: str
    probe: str
    sign: str
    bound: float

    def check(self, readings: Mapping[str, float | None]) -> None:
        """Compare with what was read; what could not be read breaches nothing.

        Raises:
            BreachedError: It is past the limit.
        """
        seen = readings[self.probe]
        if seen is not None and _SAYS[self.sign](seen, self.bound):
            raise BreachedError(
                f"aborted: {self.probe} was {seen:g}, and the limit is {self.text}; everything was healed"
            )


def parse_limit(text: str) -> Limit:
    """Return the limit that *text* says.

    Raises:
        WrongInputError: It has another form, or names no probe.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise WrongInputError(f"--abort-when {text}: expected {FORM}, for example latency_ms>200")
    name, sign, bound = found.groups()
    if name not in ALL:
        raise WrongInputError(f"--abort-when {text}: there is no probe {name}; expected one of: {', '.join(ALL)}")
    return Limit(text.strip(), name, sign, float(bound))
