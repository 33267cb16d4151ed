"""A port for a server: free, and never one from which the kernel serves outgoing connections."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from harness.redis_server import port
from harness.redis_server.port import free_port

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("kernels", "with_bus", "left"),
    [
        ("10003\t65000", False, {10_000, 10_001, 10_002, *range(65_001, 65_535)}),
        ("9000\t65500", False, {*range(65_501, 65_535)}),
        ("20005\t65000", True, {*range(10_000, 10_005), *range(55_001, 55_535)} - set(range(20_005, 65_001))),
    ],
)
def test_ports_of_the_kernel_are_left_to_it(
    kernels: str, with_bus: bool, left: set[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever its stretch leaves over is used, and nothing of it; with a bus, both ports lie outside."""
    stretch = tmp_path / "range"
    stretch.write_text(kernels, "ascii")
    monkeypatch.setattr(port, "_EPHEMERAL", stretch)
    got = {free_port(with_bus=with_bus) for _ in range(2 * len(left))}
    assert got
    assert got <= left
    assert len(got) > len(left) // 2


def test_a_port_that_somebody_listens_on_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often somebody asks."""
    stretch = tmp_path / "range"
    stretch.write_text("10010\t65534", "ascii")
    monkeypatch.setattr(port, "_EPHEMERAL", stretch)
    taken = free_port()
    with socket.create_server(("127.0.0.1", taken)):
        got = {free_port() for _ in range(20)}
    assert got <= {*range(10_000, 10_010)} - {taken}
