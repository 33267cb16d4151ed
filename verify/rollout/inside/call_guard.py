"""Task: call a guard once; while its effect runs, let another process call it with the same key.

The other process shares nothing with this one but Redis, so a guard that remembers in memory alone is not taken for
one that works.
"""

from __future__ import annotations

import importlib
import json
import subprocess
from typing import Any


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Return whether the effect ran, what the guard returned or raised, and what the other process saw."""
    module, _, name = request["make"].partition(":")
    make = getattr(importlib.import_module(module), name)
    guard = make(request["url"], request["lease_s"])
    seen: dict[str, Any] = {"ran": 0, "receipt": {"order": request["key"]}}

    def effect(_payload: Any, **_said: Any) -> dict[str, Any]:
        seen["ran"] += 1
        if request["first"]:
            seen["other"] = _in_another_process(request)
        return dict(seen["receipt"])

    try:
        seen["result"] = guard(request["key"], dict(request["payload"]), effect)
    except Exception as error:  # noqa: BLE001 - a refusal is whatever the guard raises
        seen["error"] = f"{type(error).__name__}: {error}"
    return seen


def _in_another_process(request: dict[str, Any]) -> Any:
    """Return what the same task answers in a process of its own."""
    asked = {name: value for name, value in request.items() if name != "host"} | {"first": False}
    wait_s, given = request["wait_s"], json.dumps(asked)
    try:
        ran = subprocess.run(
            request["host"], input=given, capture_output=True, text=True, timeout=wait_s, check=False
        )
    except subprocess.TimeoutExpired:
        return {"late": f"it was given no answer within {wait_s:g} s"}
    try:
        return json.loads(ran.stdout)
    except ValueError:
        return {"failed": f"its process ended with status {ran.returncode} and gave no answer"}
