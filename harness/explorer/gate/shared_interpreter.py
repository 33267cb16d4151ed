"""What gated processes may not do because they share one interpreter, and one that does not come back.

A real process may fork, start threads, change its folder and write to its output, and nobody else is touched. Here
all of that would reach the harness. The proxy gate gives each process an interpreter of its own.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING, Any, TextIO

from harness.explorer.gate.client_clocks import replace
from harness.explorer.world.process import running
from harness.explorer.world.steps import ProcessDead
from harness.patience import looking_every

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack

    from harness.explorer.world.process import Process

LOOK_S = 5.0
"""Real seconds between two looks at whether the running process has moved."""
_LOOKS = 6
"""So many looks at the same place, and it counts as one that never moves again."""


class SharedInterpreter:
    """Keeps gated processes from what would reach further than themselves."""

    def __init__(self, refuse: Callable[[str], None]) -> None:
        """End a schedule with *refuse* where a process does more than this interpreter can bear."""
        self._refuse = refuse
        self._seen: tuple[Process, int] | None = None
        self._looks = 0

    def install(self, stack: ExitStack) -> None:
        """Watch gated processes until *stack* unwinds."""
        for name in ("fork", "forkpty", "chdir", "fchdir"):
            what = "forks" if name.startswith("fork") else "changes the working directory"
            self._guard(stack, os, name, what)
        self._guard(stack, threading.Thread, "start", "starts a thread")
        stdout = sys.stdout
        sys.stdout = _Hushed(stdout)
        stack.callback(setattr, sys, "stdout", stdout)
        stack.enter_context(looking_every(LOOK_S, self.look))

    def look(self) -> None:
        """Kill the running process if it has computed or blocked for too long."""
        process = running()
        at = None if process is None else (process, process.ordinal)
        self._looks = self._looks + 1 if at is not None and at == self._seen else 0
        self._seen = at
        if process is not None and self._looks >= _LOOKS:
            seconds = f"{LOOK_S * _LOOKS:g} s"
            process.refused = (
                f"the subject computes or blocks: for {seconds} it has neither asked anybody nor answered"
            )
            raise ProcessDead

    def _guard(self, stack: ExitStack, owner: Any, name: str, what: str) -> None:
        ordinary = getattr(owner, name)

        def guarded(*arguments: Any, **named: Any) -> Any:
            if running() is not None:
                self._refuse(what)
            return ordinary(*arguments, **named)

        setattr(owner, name, guarded)
        stack.callback(setattr, owner, name, ordinary)
        replace(stack, ordinary, guarded)


class _Hushed:
    """Standard output, to which gated processes write nothing: it belongs to the reports."""

    def __init__(self, ordinary: TextIO) -> None:
        self._ordinary = ordinary

    def write(self, text: str) -> int:
        """Write, unless a gated process does."""
        return len(text) if running() is not None else self._ordinary.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ordinary, name)
