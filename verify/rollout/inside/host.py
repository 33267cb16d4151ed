"""Runs one task among the tree's modules: a request from standard input, one answer to standard output, both JSON.

Run as a script. It loads the task before the tree's modules can be found, so that none of them can take the place
of what the task imports. What the tree's code prints goes to standard error.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from typing import Any


def main() -> None:
    """Run the task and answer."""
    request: dict[str, Any] = json.loads(sys.stdin.readline())
    request["host"] = sys.orig_argv
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    try:
        place = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{request['task']}.py")  # noqa: PTH100, PTH118, PTH120
        spec = importlib.util.spec_from_file_location(f"stormproof_task_{request['task']}", place)
        task = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]  # the file is there
        spec.loader.exec_module(task)  # type: ignore[union-attr]  # as above
        sys.path[:0] = request["roots"]
        sys.path.extend(request["also"])
        said = {"answer": task.answer(request)}
    except BaseException as error:  # noqa: BLE001 - whatever the tree's code raises is the answer
        said = {"failed": f"{type(error).__name__}: {error}"}
    with answers:
        json.dump(said, answers)
    # Threads that the tree's code may have started are not waited for.
    os._exit(0)


main()
