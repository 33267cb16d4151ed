"""What is known of a planted guard."""

from __future__ import annotations

import re
from dataclasses import dataclass

_GENERIC = ("generic", "planted", "the mutant")
"""How the origin of a bug begins that was not seen anywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """One planted guard.

    Attributes:
        bug: The one thing that is wrong with it.
        cure: What its twin does instead.
        origin: Where the bug was seen in public, or why it is planted.
        checker: The checker that must fire.
        faults: The fault kinds of the smallest schedule that shows it: the one with the fewest faults, then the
            fewest decisions, then the first by alphabet. Empty where no fault is needed.
    """

    bug: str
    cure: str
    origin: str
    checker: str
    faults: tuple[str, ...] = ()

    @property
    def origin_class(self) -> str:
        """Where the bug is from: ``reported`` in a public thread, ``seen`` in packages, or ``generic``."""
        if self.origin.startswith(_GENERIC):
            return "generic"
        return "reported" if re.search(r"#\d", self.origin) else "seen"
