"""Takes secrets out of what is written down: passwords in URLs, and values of options and fields that name one.

What is taken out becomes ``***``. It knows words, not secrets: a password that stands alone is not seen.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

HIDDEN = "***"

_NAMES = r"(?:pass(?:word|wd|phrase)|secret|(?:access_|auth_)?token|api[_-]?key|(?:access|private|secret)[_-]key)"
_IN_URL = re.compile(r"(?<=://)[^/?#\s\"'<>]*@")
_NAMED = re.compile(rf"(?i)({_NAMES}(?:=\"?|[\"']:\s*[\"']))(?!\*\*\*)[^\s\"'&,;{{\[][^\s\"'&,;]*")
_OPTION = re.compile(rf"(?i)(--[\w-]*{_NAMES}[\"']?,?\s+[\"']?)(?!\*\*\*|-)[^\s\"',]+")
_HEADER = re.compile(r"(?i)(\bbearer\s+|\bauthorization[\"']?\s*[:=]\s*[\"']?\w+\s+)(?!\*\*\*)[A-Za-z0-9._~+/=-]{8,}")
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
_NAME = re.compile(rf"(?i)[\w-]*{_NAMES}")
_OPTION_NAME = re.compile(rf"(?i)--[\w-]*{_NAMES}")

_WORDS = (
    "passw",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "_key",
    "-key",
    "private key",
    "bearer ",
    "authorization",
)
"""What a text holds, in small letters, that holds a secret by its name."""

_TELLTALES = (b"://", *(word.encode() for word in _WORDS))


def may_hold_secret(content: bytes) -> bool:
    """Say quickly whether a secret could be seen in *content*; where not, there is no need to look."""
    lower = content.lower()
    return any(telltale in lower for telltale in _TELLTALES)


def redacted(text: str) -> str:
    """Return *text* without the secrets that can be seen in it."""
    if "://" in text:
        text = _IN_URL.sub(f"{HIDDEN}@", text)
    lower = text.lower()
    if any(word in lower for word in _WORDS):
        text = _NAMED.sub(rf"\1{HIDDEN}", text)
        text = _OPTION.sub(rf"\1{HIDDEN}", text)
        text = _PRIVATE_KEY.sub(HIDDEN, text)
        text = _HEADER.sub(rf"\1{HIDDEN}", text)
    return text


def redacted_words(words: Iterable[str]) -> list[str]:
    """Return the words of a command; what follows an option that names a secret is one."""
    shown: list[str] = []
    follows = False
    for word in words:
        shown.append(HIDDEN if follows else redacted(word))
        follows = not follows and _OPTION_NAME.fullmatch(word) is not None
    return shown


def redacted_value(stored: Any) -> Any:
    """Return a JSON value of which every text is redacted, and whatever a name calls a secret."""
    if isinstance(stored, str):
        return redacted(stored)
    if isinstance(stored, dict):
        return {
            name: HIDDEN if held and isinstance(held, str) and _NAME.fullmatch(name) else redacted_value(held)
            for name, held in stored.items()
        }
    if isinstance(stored, list | tuple):
        return [redacted_value(each) for each in stored]
    return stored


def first_secret(text: str) -> int | None:
    """Return where the first secret that can be seen in *text* begins, in characters; None where there is none."""
    hidden = redacted(text)
    if hidden == text:
        return None
    same = 0
    for one, other in zip(text, hidden, strict=False):
        if one != other:
            break
        same += 1
    return same
