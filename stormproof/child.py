"""A process of the pytest plugin: the command line, or one Redis server. It ends when pytest ends.

``python -m stormproof.child PID explore ...`` or ``python -m stormproof.child PID redis CHOICE``, where PID is who
started it. In a process of our own our packages have their names for themselves, and pytest's stays as it is.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

from stormproof.__main__ import main as command_line
from stormproof.names import claim

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Do what the arguments say."""
    _end_with(int(sys.argv[1]))
    if sys.argv[2] == "redis":
        _serve_redis(sys.argv[3])
    else:
        del sys.argv[1]
        command_line()


def _end_with(parent: int) -> None:
    """Be asked to stop when the thread of *parent* that waits for us ends, whatever ends it."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))
    if os.getppid() != parent:
        sys.exit(130)


def _serve_redis(text: str) -> None:
    """Start the server of *text*, say its URL, and keep it until standard input ends."""
    claim()
    from harness.errors import HarnessError  # noqa: PLC0415 - our names had to be claimed first
    from harness.redis_server.choice import ExternalChoice, parse_choice  # noqa: PLC0415
    from harness.redis_server.opening import open_owned  # noqa: PLC0415

    if "://" in text:
        sys.exit("stormproof: chaos_redis starts a server of its own; an external --chaos-redis is for chaos_explore")
    try:
        choice = parse_choice(text)
        if isinstance(choice, ExternalChoice):
            raise TypeError(choice)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
        with open_owned(choice, controlled_clock=False) as server:
            sys.stdout.write(f"{server.tcp_url}\n")
            sys.stdout.flush()
            sys.stdin.read()
    except HarnessError as error:
        sys.exit(f"stormproof: {' '.join(str(error).split())}")


if __name__ == "__main__":
    main()
