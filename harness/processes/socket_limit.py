"""How long a socket waits, told to the kernel: Python's own limit polls before each send and receive."""

from __future__ import annotations

import socket
import struct


def limit_waiting(sock: socket.socket, seconds: float) -> None:
    """Let each connect, send and receive of a blocking socket end after so many seconds, with a BlockingIOError.

    The kernel rounds up to its own tick; less than a microsecond is taken as one, for none would mean no limit.
    """
    whole, rest = divmod(seconds, 1)
    timeval = struct.pack("ll", int(whole), max(1, int(rest * 1_000_000)))
    for way in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
        sock.setsockopt(socket.SOL_SOCKET, way, timeval)
