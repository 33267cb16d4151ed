"""Checks keys."""

from __future__ import annotations


def checked(key: str) -> str:
    """Return *key* if it is one."""
    if not key:
        raise ValueError("an order needs a key")
    return key
