"""What is at stake with an effect, as far as retries are concerned. Names only.

Finer than the effect type: an order that opens a position and one that closes it are both orders.
"""

from __future__ import annotations

from enum import StrEnum


class EffectClass(StrEnum):
    """What happens if an effect happens twice, or not at all."""

    READ = "read"
    """Asks and changes nothing: it may be asked again at any time."""
    OPENS_RISK = "opens risk"
    """An order that opens or adds to a position. The one to assume where nothing is known."""
    REDUCES_RISK = "reduces risk"
    """A cancellation, or an order that can only reduce a position."""
    BOOKS = "books"
    """Writes a position, a ledger entry or a PnL figure."""
    SIGNALS = "signals"
    """Emits a signal, whose consumers drop a repeated event id."""
