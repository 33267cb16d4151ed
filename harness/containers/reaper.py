"""Removes the containers of a process that was killed: a child that outlives it for as long as that takes.

It reads its standard input. The word of an orderly end lets it go; an end without a word means that the process died,
however it died. Then whatever carries its run mark is removed. Must never touch a container without that mark.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

LABEL = "stormproof.run"
_ROOT = Path(__file__).resolve().parents[2]
_DONE = b"done\n"


class Reaper:
    """The child of this process."""

    def __init__(self, mark: str) -> None:
        """Start it; it waits for our end.

        Args:
            mark: What our containers carry as their label.
        """
        search = os.pathsep.join([str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        # No child of harness.processes: those die with us. A session of its own: Ctrl-C is not for it.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "harness.containers.reaper", mark],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": search},
            start_new_session=True,
        )

    def let_go(self, *, nothing_left: bool) -> None:
        """End it; without *nothing_left* it removes what is left first."""
        with suppress(OSError):
            self._process.communicate(_DONE if nothing_left else b"")
        self._process.wait()


def main() -> None:
    """Wait for the end of standard input, and remove what carries the mark."""
    if sys.stdin.buffer.read() == _DONE:
        return
    from harness.containers.engine import Engine  # noqa: PLC0415 - half a second that only a killed process costs

    Engine().remove_marked(sys.argv[1])


if __name__ == "__main__":
    main()
