"""The settings, from a file. What a file does not say has its default, and everything new is off."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_FLAGS = ("adaptive", "idempotency", "retry")
_MODES = ("paper", "live")


@dataclass(frozen=True)
class Settings:
    """What a file says."""

    mode: str
    flags: dict[str, bool]


def schema() -> dict[str, Any]:
    """Return the JSON schema of a file."""
    flag = {
        "type": "object",
        "properties": {"enabled": {"type": "boolean", "default": False}},
        "additionalProperties": False,
    }
    mode = {"type": "string", "enum": list(_MODES), "default": "paper"}
    trading = {"type": "object", "properties": {"mode": mode}, "additionalProperties": False}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {"trading": trading, **dict.fromkeys(_FLAGS, flag)},
        "additionalProperties": False,
    }


def load(path: str) -> Settings:
    """Return what the file says.

    Raises:
        ValueError: It says something that is not known.
    """
    held = yaml.safe_load(Path(path).read_text(encoding="utf-8")) or {}
    known = schema()["properties"]
    if odd := sorted(held.keys() - known.keys()):
        raise ValueError(f"{odd[0]!r} is no setting; expected some of {', '.join(known)}")
    mode = held.get("trading", {}).get("mode", known["trading"]["properties"]["mode"]["default"])
    if mode not in _MODES:
        raise ValueError(f"trading.mode is {mode!r}; expected one of {', '.join(_MODES)}")
    default = known["retry"]["properties"]["enabled"]["default"]
    return Settings(mode=mode, flags={name: held.get(name, {}).get("enabled", default) for name in _FLAGS})
