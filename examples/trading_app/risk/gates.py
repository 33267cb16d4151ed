"""Lets a trade through only below the largest exposure, and never while the kill switch is pulled."""

from __future__ import annotations

from risk.kill_switch import is_pulled

LARGEST_EXPOSURE = 100.0


def may_trade(exposure: float) -> bool:
    """Say whether another order may be sent at this exposure."""
    return not is_pulled() and abs(exposure) < LARGEST_EXPOSURE
