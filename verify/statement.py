"""What in-toto Statements of every kind share: their type, and the one form of their bytes."""

from __future__ import annotations

import json

STATEMENT = "https://in-toto.io/Statement/v1"


def canonical(stored: object) -> bytes:
    """Return the one form of a JSON value that holds no fraction: RFC 8785 for texts, whole numbers and truth."""
    return json.dumps(stored, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
