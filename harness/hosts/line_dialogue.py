"""One running program, and the lines that are exchanged with it: each is checked when it comes.

Whatever breaks the line protocol raises :class:`RuleBrokenError` with one sentence. Nothing here waits without a
deadline.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import subprocess
from typing import TYPE_CHECKING, Any, Self

from harness import clock
from harness.errors import WrongInputError
from harness.hosts.line_forms import PROTOCOL, complaint
from harness.hosts.line_relay import Loop, Relay
from harness.processes.child import spawn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

LEASE_S = 300.0
_CHUNK = 65536
_SHOWN = 160
_UNKNOWN_FIELD = {"of_a_later_version": [{"of": "no concern"}]}


class RuleBrokenError(Exception):
    """A program broke a rule of the line protocol; the message is one sentence."""


class Dialogue:
    """A program that runs from :meth:`__enter__` to :meth:`__exit__`, whatever happens between them.

    Attributes:
        relay: The program's way to Redis since the last :meth:`init`.
        deadline_s: Real seconds that each line may take.
    """

    def __init__(self, argv: Sequence[str], *, redis_url: str, loop: Loop, log: Path, deadline_s: float) -> None:
        """Describe a program; nothing runs yet.

        Args:
            argv: Program and arguments.
            redis_url: The server behind the program's relays.
            loop: What the program and its relays are waited for on.
            log: Where the program's stderr goes.
            deadline_s: Real seconds that each line may take.
        """
        self.deadline_s = deadline_s
        self.relay = Relay(loop, redis_url)
        self._relays = [self.relay]
        self._argv = argv
        self._redis_url = redis_url
        self._loop = loop
        self._log = log
        self._last = "it was started"
        self._unread = b""
        self._has_ended_output = False

    def __enter__(self) -> Self:
        try:
            self._process = spawn(self._argv, log=self._log, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        except OSError as error:
            self._close_relays()
            raise WrongInputError(f"cannot start {shlex.join(self._argv)}: {error}") from error
        if self._process.stdin is None or self._process.stdout is None:
            raise TypeError("the program was started without pipes")
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        self._loop.watch(self._stdout, self._read)
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._loop.forget(self._stdout)
        self._stdout.close()
        with contextlib.suppress(OSError):
            self._stdin.close()
        self._close_relays()

    def kill(self) -> None:
        """SIGKILL the program and all that it started in its process group. May be called twice."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def init(self, *, lease_s: float = LEASE_S) -> Mapping[str, Any]:
        """Give the program a fresh way to Redis, ask for a guard, and return what it says of itself."""
        if self._last != "it was started":
            self.relay = Relay(self._loop, self._redis_url)
            self._relays.append(self.relay)
        self.send("init", id=0, protocol=PROTOCOL, redis_url=self.relay.url, lease_s=lease_s)
        return self.receive("ready")

    def send(self, do: str, **fields: Any) -> None:
        """Say a line to the program, with a field that it has to ignore.

        Raises:
            RuleBrokenError: It has said something that nobody asked for, or has closed its stdin.
        """
        self._expect_silence()
        line = json.dumps({"do": do, **fields, **_UNKNOWN_FIELD}, ensure_ascii=False)
        try:
            self._stdin.write(line.encode() + b"\n")
            self._stdin.flush()
        except OSError as error:
            raise RuleBrokenError(f"After {self._last}: expected it to read on, saw {self._end()}.") from error
        self._last = " ".join([do, *(str(fields[name]) for name in ("id",) if name in fields)])

    def has_said_something(self, *, within_s: float) -> bool:
        """Say whether a line, or the end of its output, comes within *within_s* seconds."""
        return self._loop.run(lambda: b"\n" in self._unread or self._has_ended_output, seconds=within_s)

    def receive(self, *expected: str) -> dict[str, Any]:
        """Return the program's next line, which has to say one of *expected*.

        Raises:
            RuleBrokenError: It does not come in time, or is no such line.
        """
        if not self.has_said_something(within_s=self.deadline_s):
            self._complain(expected, f"no line within {self.deadline_s:g} s")
        raw, newline, self._unread = self._unread.partition(b"\n")
        if not newline:
            self._complain(expected, self._end() if not raw else f"{_shown(raw)} without an end of line")
        try:
            line = json.loads(raw.decode("utf-8"))
        except ValueError:
            self._complain(expected, f"{_shown(raw)}, which is no JSON in UTF-8")
        wrong = complaint(line)
        if wrong is not None:
            self._complain(expected, f"{_shown(raw)}, which {wrong}")
        if line["say"] not in expected:
            self._complain(expected, _shown(raw))
        told: dict[str, Any] = line
        return told

    def finish(self) -> None:
        """Close the program's stdin, and see that it ends without another word.

        Raises:
            RuleBrokenError: It says something or goes on.
        """
        with contextlib.suppress(OSError):
            self._stdin.close()
        self._last = f"{self._last} and the end of its stdin"
        deadline_ns = clock.elapsed_ns() + int(self.deadline_s * 1e9)
        self._loop.run(lambda: self._has_ended_output, seconds=self.deadline_s)
        self._expect_silence()
        try:
            self._process.wait(max(0.0, (deadline_ns - clock.elapsed_ns()) / 1e9))
        except subprocess.TimeoutExpired:
            self._complain(("the end of the program",), f"it still running {self.deadline_s:g} s later")

    def _expect_silence(self) -> None:
        if self._unread:
            raw = self._unread.partition(b"\n")[0]
            raise RuleBrokenError(f"After {self._last}: expected no further line, saw {_shown(raw)}.")

    def _complain(self, expected: Sequence[str], seen: str) -> None:
        raise RuleBrokenError(f"After {self._last}: expected {' or '.join(expected)}, saw {seen}.")

    def _end(self) -> str:
        """Describe a program that reads or says no more."""
        try:
            status = self._process.wait(self.deadline_s)
        except subprocess.TimeoutExpired:
            return "its output closed while it runs"
        how = f"exit status {status}" if status >= 0 else f"signal {-status}"
        words = self._log.read_text("utf-8", "replace").split("\n")
        last = next((word.strip() for word in reversed(words) if word.strip()), "")
        return f"its end with {how}" + (f" (its stderr ends: {last[:_SHOWN]})" if last else "")

    def _read(self) -> None:
        data = os.read(self._stdout.fileno(), _CHUNK)
        self._unread += data
        if not data:
            self._has_ended_output = True
            self._loop.forget(self._stdout)

    def _close_relays(self) -> None:
        for relay in self._relays:
            relay.close()


def _shown(raw: bytes) -> str:
    text = raw.decode("utf-8", "backslashreplace")
    return f"the line {text if len(text) <= _SHOWN else text[:_SHOWN] + '...'}"
