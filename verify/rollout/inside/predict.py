"""Task: what the frozen model predicts for the golden inputs."""

from __future__ import annotations

import importlib
from typing import Any


def answer(request: dict[str, Any]) -> list[Any]:
    """Return one prediction for each input; `error` tells what was raised instead."""
    module, _, name = request["predict"].partition(":")
    predict = getattr(importlib.import_module(module), name)
    return [_one(predict, each) for each in request["inputs"]]


def _one(predict: Any, given: Any) -> dict[str, Any]:
    try:
        output = predict(given)
        return {"output": output.tolist() if hasattr(output, "tolist") else output}
    except Exception as error:  # noqa: BLE001 - what the model raises is its answer
        return {"error": f"{type(error).__name__}: {error}"}
