"""The only source of randomness: one seed per run, and named sub-streams of it."""

from __future__ import annotations

import hashlib
import random
import secrets


def fresh_seed() -> int:
    """Return a new seed for a run that was given none (0 to 2**32 - 1)."""
    return secrets.randbits(32)


def stream(seed: int, name: str) -> random.Random:
    """Return the sub-stream *name* of *seed*; the same two give the same draws on every machine."""
    digest = hashlib.sha256(f"{seed}:{name}".encode()).digest()
    return random.Random(int.from_bytes(digest[:8], "big"))  # noqa: S311 - reproducibility, not secrecy
