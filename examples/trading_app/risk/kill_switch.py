"""The kill switch: once pulled, nothing is sent until the process ends."""

from __future__ import annotations

_pulled: list[str] = []


def pull(reason: str) -> None:
    """Stop all trading."""
    _pulled.append(reason)


def is_pulled() -> bool:
    """Say whether trading was stopped."""
    return bool(_pulled)
