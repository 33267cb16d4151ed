"""A port for a server: free, and never one from which the kernel serves outgoing connections."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from harness.redis_server import port
from harness.redis_server.port import free_port, reserve_port

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
    got = {_number(with_bus=with_bus) for _ in range(2 * len(left))}
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


@pytest.mark.parametrize("with_bus", [False, True])
def test_a_reserved_port_is_left_to_its_server(with_bus: bool) -> None:
    """Nobody who looks for a free port is given it, or its bus, while its server is down; that may come back."""
    reserved = reserve_port(with_bus=with_bus)
    ports = [reserved.number, reserved.number + 10_000] if with_bus else [reserved.number]
    try:
        for _ in range(2):
            assert not any(map(_is_picked, ports))
            for place in ports:
                socket.create_server(("127.0.0.1", place)).close()
    finally:
        reserved.close()
    assert all(map(_is_picked, ports))


def _is_picked(place: int) -> bool:
    """Return whether whoever has *place* alone to choose from is given it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(port, "_LOWEST", place)
        patch.setattr(port, "_HIGHEST", place + 1)
        try:
            return free_port() == place
        except OSError:
            return False


def _number(*, with_bus: bool) -> int:
    reserved = reserve_port(with_bus=with_bus)
    reserved.close()
    return reserved.number
