"""Runs one task among the tree's modules: a request from standard input, one answer to standard output, both JSON.

Run as a script, with the folder of the tree. It loads the task before the tree's modules can be found, so that none
of them can take the place of what the task imports. What the tree's code prints goes to standard error.

No compiled file of the tree stands in for its source. Those of the interpreter's own library are used as long as
nothing of the tree can be imported: without them each start would compile that library anew.
"""

from __future__ import annotations

import os
import sys

_NO_COMPILED = f"{os.devnull}/none"
"""No folder, so that no compiled file is found there."""


def _start_again_without_compiled() -> None:
    """Start anew with no compiled file at all, where something of the tree was loaded before anybody asked for it.

    The interpreter itself may lie in the tree, or one of its start-up files may have imported a module of the tree.
    """
    if sys.pycache_prefix is not None:
        return
    within = os.path.join(sys.argv[1], "")  # noqa: PTH118 - no more is loaded than is needed
    files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    places = [sys.prefix, sys.base_prefix, *(file for file in files if isinstance(file, str) and file != __file__)]
    if any(os.path.realpath(place).startswith(within) for place in places):
        words = ["-X", f"pycache_prefix={_NO_COMPILED}", *sys.orig_argv[1:]]
        os.execv(sys.executable, [sys.executable, *words])  # noqa: S606 - this same interpreter


_start_again_without_compiled()

import importlib.util  # noqa: E402 - only now is it known which compiled files may be read
import json  # noqa: E402 - as above
from typing import Any  # noqa: E402 - as above


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
        sys.pycache_prefix = _NO_COMPILED
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
