"""Decides whether an order is only written down."""

from __future__ import annotations


def is_paper(mode: str) -> bool:
    """Say whether orders of this mode stay on paper; everything but `live` does."""
    return mode != "live"
