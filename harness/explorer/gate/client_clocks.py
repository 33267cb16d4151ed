"""The clocks of this interpreter, moved while an exploration runs."""

from __future__ import annotations

import importlib.util
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from contextlib import ExitStack


class ClientClocks:
    """The clocks that subjects read: the machine's own, moved by what the exploration advanced."""

    def __init__(self) -> None:
        self.moved_s = 0.0
        self._traveller: Any = None

    def install(self, stack: ExitStack) -> None:
        """Take over the clocks until *stack* unwinds; wall clocks only where time-machine is installed."""
        if importlib.util.find_spec("time_machine") is not None:
            import time_machine  # noqa: PLC0415 - the optional extra `clock`

            travel = time_machine.travel(time.time(), tick=True)
            self._traveller = travel.start()
            stack.callback(travel.stop)
        monotonic, monotonic_ns = time.monotonic, time.monotonic_ns
        replace(stack, monotonic, lambda: monotonic() + self.moved_s)
        replace(stack, monotonic_ns, lambda: monotonic_ns() + int(self.moved_s * 1e9))

    def advance(self, seconds: float) -> None:
        """Move every clock of every gated process forward."""
        self.moved_s += seconds
        if self._traveller is not None:
            self._traveller.shift(seconds)


def replace(stack: ExitStack, ordinary: Any, ours: Any) -> None:
    """Put *ours* wherever a loaded module outside the standard library holds the function *ordinary*."""
    for name, module in list(sys.modules.items()):
        root = name.partition(".")[0]
        if name != "time" and (root in sys.stdlib_module_names or root == "harness"):
            continue
        for attribute, value in list(getattr(module, "__dict__", {}).items()):
            if value is ordinary:
                setattr(module, attribute, ours)
                stack.callback(setattr, module, attribute, ordinary)
