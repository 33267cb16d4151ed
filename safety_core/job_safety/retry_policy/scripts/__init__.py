"""The Lua scripts of the retry policy, ready to be sent. Opens no connection."""

from __future__ import annotations

from pathlib import Path

from safety_core.idempotency.lua import Script

_FOLDER = Path(__file__).parent

DECIDE = Script("decide", folder=_FOLDER)
FAILED = Script("failed", folder=_FOLDER)
LIMIT = Script("limit", folder=_FOLDER)
FORGET = Script("forget", folder=_FOLDER)
