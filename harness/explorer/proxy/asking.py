"""What a subject that is not loaded in our interpreter says of itself: asked before anything else is started."""

from __future__ import annotations

import os
import select
import shlex
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from harness import clock
from harness.errors import WrongInputError
from harness.explorer.proxy.lines import LinesError
from harness.explorer.proxy.supply import Forker, Spawner, python_argv
from harness.hosts.line_forms import PROTOCOL
from harness.interruption import stop_if_asked
from harness.processes.folder import make_folder, remove_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.explorer.proxy.lines import Lines

_NOWHERE = "redis://127.0.0.1:1/0"
"""Nobody listens there: a program connects when it is called, not when it is asked for a guard."""
_READY_S = 30.0
_TICK_MS = 100
_WORDS = 300
_ATTRIBUTES = ("promise", "outside", "reusable")


def ask_interpreter(python: str, place: str) -> dict[str, Any]:
    """Return what the subject at *place* says of itself in another interpreter.

    Raises:
        WrongInputError: It cannot be loaded there.
    """
    folder = make_folder()
    try:
        log = folder / "programs.log"
        forker = Forker(python_argv(python, place, again=False), log=log, env=os.environ)
        forker.close()
        return forker.said
    finally:
        remove_folder(folder)


def ask_program(command: Sequence[str], lease_s: float) -> dict[str, Any]:
    """Return what a program that speaks the line protocol says of its guard.

    Raises:
        WrongInputError: It cannot be run, or does not answer with a ``ready``.
    """
    folder = make_folder()
    try:
        log = folder / "programs.log"
        spawner = Spawner(command, log=log, env=os.environ, is_ours=False)
        try:
            _, lines = spawner.start()
            try:
                with suppress(LinesError):
                    # What it has said before it ended says more than that it has.
                    lines.say(do="init", id=1, protocol=PROTOCOL, redis_url=_NOWHERE, lease_s=lease_s)
                ready = _heard(lines)
            finally:
                lines.close()
        except LinesError as error:
            raise WrongInputError(f"{shlex.join(command)}: the program {error}{_words(log)}") from error
        finally:
            spawner.close()
    finally:
        remove_folder(folder)
    if ready["say"] != "ready":
        raise WrongInputError(f"{shlex.join(command)}: expected the program to answer init with ready, saw {ready}")
    return {name: ready[name] for name in _ATTRIBUTES if ready.get(name) is not None}


def _heard(lines: Lines) -> dict[str, Any]:
    poller = select.poll()
    poller.register(lines.incoming, select.POLLIN)
    deadline_ns = clock.elapsed_ns() + int(_READY_S * 1e9)
    while (message := lines.pop()) is None:
        stop_if_asked()
        if clock.elapsed_ns() > deadline_ns:
            raise LinesError(f"did not answer init with a line within {_READY_S:g} s; is its output flushed?")
        if poller.poll(_TICK_MS):
            lines.feed()
    return message


def _words(log: Path) -> str:
    said = log.read_text("utf-8", "replace").strip()[-_WORDS:]
    return f"; it said: {said}" if said else ""
