"""Names of files as text: any bytes can be a name, and a manifest and a report are text.

A byte that is no UTF-8, a control character and `%` itself are written `%XX`. Two names never have the same text.
"""

from __future__ import annotations

import os
import re

_ODD = re.compile("[%\x00-\x1f\x7f\x80-\x9f\u2028\u2029\ud800-\udfff]")
_ESCAPED = re.compile(rb"%([0-9a-f]{2})")


def to_text(path: str) -> str:
    """Return the text of a path as `os` gives it, with odd bytes as surrogates."""
    return _ODD.sub(lambda found: "".join(f"%{byte:02x}" for byte in os.fsencode(found[0])), path)


def from_text(text: str) -> str:
    """Return the path that :func:`to_text` was given."""
    if "%" not in text and text.isascii():
        return text
    raw = _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), text.encode("utf-8"))
    return os.fsdecode(raw)
