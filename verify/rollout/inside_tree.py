"""Runs a task of `inside` in another interpreter, in which the tree's own modules may be imported.

What it answers is as trustworthy as the code that ran there. Nothing of it is left running, and no compiled file of
the tree is read or written.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from verify.rollout.errors import CannotCheckError

_HOST = Path(__file__).with_name("inside") / "host.py"
_NO_COMPILED = f"pycache_prefix={os.devnull}/none"
_MOST_OUTPUT = 1 << 20
_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0", "TZ": "UTC"}
"""What makes an output the same everywhere: language, order of sets, time zone."""
_SAID = 3
"""How many of the last lines of a failed task are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """Where tasks run.

    Attributes:
        tree: The tree; also the working folder.
        import_roots: Folders of the tree in which its modules are looked up.
        python: The interpreter.
        also: Folders in which modules are looked up last.
        patience_s: After how many seconds a task is given up.
    """

    tree: Path
    import_roots: tuple[str, ...] = (".",)
    python: str = field(default_factory=lambda: sys.executable)
    also: tuple[str, ...] = ()
    patience_s: float = 60.0

    def command(self) -> list[str]:
        """Return the words that start the host of a task; it reads a request from standard input."""
        # No compiled file of the tree can stand in for its source: the host sees to that.
        return [self.python, "-I", "-B", "-X", "utf8", str(_HOST), os.fspath(self.tree.resolve())]

    def request(self, task: str, **asked: Any) -> dict[str, Any]:
        """Return what the host of a task is sent."""
        roots = [os.path.normpath(self.tree.resolve() / root) for root in self.import_roots]
        return {"task": task, "roots": roots, "also": list(self.also), **asked}

    def run(self, task: str, **asked: Any) -> Any:
        """Return what the task answers.

        Raises:
            CannotCheckError: It failed, gave no answer, or took too long.
        """
        status, out, err = self._ended(self.command(), json.dumps(self.request(task, **asked)).encode())
        try:
            answer = json.loads(out)
        except ValueError:
            lines = err.decode("utf-8", "replace").strip().splitlines()[-_SAID:]
            said = " / ".join(line.strip() for line in lines) or "no reason given"
            raise CannotCheckError(f"{self.python} gave no answer (exit status {status}): {said}") from None
        if "failed" in answer:
            raise CannotCheckError(answer["failed"])
        return answer["answer"]

    def output(self, module: str, words: list[str]) -> tuple[int, str]:
        """Return the exit status of a module of the tree that is run as a program, and its standard output.

        It finds an environment of ours: always the same one, but for where programs are.

        Raises:
            CannotCheckError: It cannot be started, took too long, or said more than a baseline keeps.
        """
        # Neither the working folder nor the folder of a user may stand before the tree.
        command = [self.python, "-s", "-P", "-B", "-X", "utf8", "-X", _NO_COMPILED, "-m", module, *words]
        paths = os.pathsep.join([*self.request("")["roots"], *self.also])
        environment = {**_ENVIRONMENT, "PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": paths}
        status, out, _ = self._ended(command, b"", environment)
        if len(out) > _MOST_OUTPUT:
            raise CannotCheckError(f"{module} wrote {len(out):,} bytes; a baseline keeps {_MOST_OUTPUT:,} at most")
        return status, out.decode("utf-8", "backslashreplace")

    def _ended(
        self, command: list[str], given: bytes, environment: dict[str, str] | None = None
    ) -> tuple[int, bytes, bytes]:
        """Run a command in the tree; return its exit status and what it wrote."""
        try:
            with subprocess.Popen(
                command,
                cwd=self.tree,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            ) as process:
                try:
                    out, err = process.communicate(given, timeout=self.patience_s)
                except subprocess.TimeoutExpired:
                    raise CannotCheckError(f"it took longer than {self.patience_s:g} s in {self.python}") from None
                finally:
                    _end(process.pid)
        except OSError as error:
            raise CannotCheckError(f"{self.python} cannot be started: {error.strerror}") from None
        return process.returncode, out, err


def _end(group: int) -> None:
    """Kill what a task may have left running."""
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
