"""On what terms stories are told: who makes the network bad, and when everything is ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.probes.limits import parse_limit
from harness.toxiproxy.choice import parse_toxiproxy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.probes.limits import Limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The terms.

    Attributes:
        toxiproxy: The value of ``--toxiproxy``.
        limits: What no probe may pass.
    """

    toxiproxy: str = "embedded"
    limits: tuple[Limit, ...] = ()


AS_USUAL = Terms()
"""What comes with stormproof, and no limits."""


def terms_of(toxiproxy: str, abort_when: Sequence[str]) -> Terms:
    """Return the terms that the options say.

    Raises:
        WrongInputError: An option has no form that is known.
        ToxiproxyUnavailableError: There is no such Toxiproxy.
    """
    parse_toxiproxy(toxiproxy)
    return Terms(toxiproxy=toxiproxy, limits=tuple(parse_limit(text) for text in abort_when))
