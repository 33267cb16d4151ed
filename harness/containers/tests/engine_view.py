"""What the engine itself says of our containers: asked past the code under test."""

from __future__ import annotations

import docker

from harness.containers.reaper import LABEL


def names(pid: int) -> list[str]:
    """Return the names of the containers that process *pid* has made, running or not."""
    client = docker.from_env()
    try:
        found = client.api.containers(all=True, filters={"label": LABEL, "name": f"stormproof-{pid}-"})
        return [str(name).lstrip("/") for container in found for name in container["Names"]]
    finally:
        client.close()


def published(name: str) -> list[tuple[str, int]]:
    """Return at which addresses and ports of this machine a container is reached."""
    client = docker.from_env()
    try:
        ports = client.containers.get(name).attrs["NetworkSettings"]["Ports"]
    finally:
        client.close()
    return [(place["HostIp"], int(place["HostPort"])) for places in ports.values() for place in places or ()]


def remove(pid: int) -> None:
    """Remove what process *pid* could not."""
    client = docker.from_env()
    try:
        for name in names(pid):
            client.containers.get(name).remove(force=True, v=True)
    finally:
        client.close()
