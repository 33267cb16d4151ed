"""A server's clock in our hands: libfaketime is preloaded and reads its offset from a file that we write.

Only the wall clock moves (TIME, key TTLs, TIME inside scripts); timeouts of blocking commands keep real time.
Must never be used on a server that the harness did not start. The library is an optional extra (GPL).
"""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING

from harness import clock
from harness.processes.faked_clock import SYSTEM_PATHS, FakedClock, find_library, forget_shared_memory
from harness.redis_server.errors import ClockUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

_MOVE_DEADLINE_NS = 10_000_000_000
_SLACK_US = 1_000
"""How far the server's cached clock may lag behind (Valkey 9 refreshes it once per event loop, at most 1 ms old)."""
_LOOK_S = 0.000_2
"""Between two looks at TIME: the server, which may share our core, gets to its event loop meanwhile."""


class ServerClock:
    """The offset file of one server, and the question that proves that the server follows it."""

    def __init__(self, folder: Path, unix_path: Path) -> None:
        """Create the offset file (no offset) in *folder* for the server that listens on *unix_path*.

        Raises:
            ClockUnavailableError: There is no libfaketime on this machine.
        """
        library = find_library()
        if library is None:
            looked = ", ".join(str(path) for path in SYSTEM_PATHS)
            raise ClockUnavailableError(
                "Tried to start a server whose clock can be advanced: expected libfaketime in the package "
                f"libfaketime or at {looked}; found neither. Run `pip install 'stormproof[clock]'` "
                "(or `apt install libfaketime`), or leave out the fault kind `advance`."
            )
        self._faked = FakedClock(library, folder)
        self._unix_path = unix_path
        self._socket: socket.socket | None = None

    def environment(self) -> dict[str, str]:
        """Return our environment with what makes a server started in it follow this clock."""
        return self._faked.environment()

    def verify_loaded(self, pid: int) -> None:
        """Check that process *pid* really runs with the library, and remove what the library left in /dev/shm.

        Raises:
            ClockUnavailableError: The loader ignored the library, for example because of another machine type.
        """
        maps = Path(f"/proc/{pid}/maps").read_text("utf-8")
        forget_shared_memory(pid)
        if str(self._faked.library) not in maps:
            raise ClockUnavailableError(
                f"Preloaded {self._faked.library} into the server (pid {pid}): expected to see it in "
                f"/proc/{pid}/maps, and it is not there. Install a libfaketime for this machine and C library."
            )

    @property
    def moved_s(self) -> float:
        """How far the server's clock was moved in all, in seconds."""
        return self._faked.offset_us / 1_000_000

    def advance(self, seconds: float, *, pause: Callable[[float], None] = clock.pause_s) -> float:
        """Move the server's clock by *seconds* (> 0) and return the jump that its TIME showed, in seconds.

        Args:
            seconds: How far.
            pause: Passes the seconds between two looks at TIME.

        Raises:
            ValueError: *seconds* is not above 0.
            ClockUnavailableError: TIME did not move within 10 s of real time (the server is dead or stopped).
        """
        step_us = round(seconds * 1_000_000)
        if step_us <= 0:
            raise ValueError(f"a clock advances by more than 0 s, not by {seconds!r}")
        deadline_ns = clock.elapsed_ns() + _MOVE_DEADLINE_NS
        before_us = self._ask(deadline_ns)
        self._faked.move_to(self._faked.offset_us + step_us)
        enough_us = before_us + step_us - min(_SLACK_US, step_us // 2)
        while True:
            now_us = self._ask(deadline_ns)
            if now_us >= enough_us:
                return (now_us - before_us) / 1_000_000
            if clock.elapsed_ns() > deadline_ns:
                raise ClockUnavailableError(
                    f"Advanced the server's clock by {seconds} s: expected TIME to follow within 10 s, it moved by "
                    f"{(now_us - before_us) / 1_000_000} s. Check that the server is not paused and runs with "
                    f"{self._faked.library}."
                )
            pause(_LOOK_S)

    def forget_connection(self) -> None:
        """Drop the kept connection: the server is gone, or about to go."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def close(self) -> None:
        """Release the connection and the offset file. May be called twice."""
        self.forget_connection()
        self._faked.close()

    def _ask(self, deadline_ns: int) -> int:
        """Return the server's TIME in microseconds, over one kept connection that is renewed when it broke."""
        while True:
            try:
                return self._ask_once()
            except (OSError, ValueError, IndexError) as error:
                self.forget_connection()
                if clock.elapsed_ns() > deadline_ns:
                    raise ClockUnavailableError(
                        f"Asked the server at {self._unix_path} for TIME: expected an answer within 10 s, saw "
                        f"{error!r}. Check that the server is alive and not paused."
                    ) from error
                clock.pause_s(0.001)

    def _ask_once(self) -> int:
        if self._socket is None:
            fresh = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            fresh.settimeout(0.5)
            self._socket = fresh
            fresh.connect(str(self._unix_path))
        self._socket.sendall(b"TIME\r\n")
        answer = b""
        # An array of two bulk strings is five lines.
        while answer.count(b"\r\n") < 5 and not answer.startswith(b"-"):  # noqa: PLR2004
            part = self._socket.recv(256)
            if not part:
                raise ConnectionResetError("the server closed the connection")
            answer += part
        lines = answer.split(b"\r\n")
        return int(lines[2]) * 1_000_000 + int(lines[4])
