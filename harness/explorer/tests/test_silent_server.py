"""A server that takes requests and never answers: no schedule waits for it for ever."""

from __future__ import annotations

import socket

import pytest

from harness.errors import CouldNotRunError
from harness.explorer.gate.resp import packed
from harness.explorer.gate.wire import Wire


def test_silent_server_is_given_up_after_the_time_limit() -> None:
    """What was asked is unknown then, and the line says why."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        wire = Wire(listening.getsockname(), timeout_s=0.05)
        with pytest.raises(CouldNotRunError, match="does not answer any more"):
            wire.ask(packed(b"PING"))
        wire.close()


def test_server_that_reads_nothing_is_given_up_after_the_time_limit() -> None:
    """A request that no buffer holds waits no longer than a reply."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        wire = Wire(listening.getsockname(), timeout_s=0.05)
        with pytest.raises(CouldNotRunError, match="does not answer any more"):
            wire.ask(b"x" * 50_000_000)
        wire.close()
