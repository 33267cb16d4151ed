"""What the engine itself says of our containers: asked past the code under test."""

from __future__ import annotations

from contextlib import closing
from importlib import import_module
from typing import Any

from harness.containers.reaper import LABEL


def names(pid: int) -> list[str]:
    """Return the names of the containers that process *pid* has made, running or not."""
    with closing(_engine()) as engine:
        found = engine.api.containers(all=True, filters={"label": LABEL, "name": f"stormproof-{pid}-"})
    return [str(name).lstrip("/") for container in found for name in container["Names"]]


def published(name: str) -> list[tuple[str, int]]:
    """Return at which addresses and ports of this machine a container is reached."""
    with closing(_engine()) as engine:
        ports = engine.containers.get(name).attrs["NetworkSettings"]["Ports"]
    return [(place["HostIp"], int(place["HostPort"])) for places in ports.values() for place in places or ()]


def remove(pid: int) -> None:
    """Remove what process *pid* could not."""
    with closing(_engine()) as engine:
        for name in names(pid):
            engine.containers.get(name).remove(force=True, v=True)


def _engine() -> Any:
    """Return docker-py's client; the package is looked for when a container is, because it is optional."""
    return import_module("docker").from_env()
