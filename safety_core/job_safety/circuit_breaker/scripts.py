"""The breaker's Lua scripts as the server gets them, for one scope and for two."""

from __future__ import annotations

from pathlib import Path

from safety_core.idempotency.lua import Script

_FOLDER = Path(__file__).parent / "scripts"
_KEYS_OF_A_SCOPE = 2


def _script(name: str, scopes: int = 1) -> Script:
    return Script(name, folder=_FOLDER, keys=_KEYS_OF_A_SCOPE * scopes, prelude="scope")


ALLOW = {scopes: _script("allow", scopes) for scopes in (1, 2)}
RECORD = {scopes: _script("record", scopes) for scopes in (1, 2)}
FORCE = _script("force")
REPORT = _script("report")
