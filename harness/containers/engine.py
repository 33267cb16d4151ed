"""The way to the container engine that ``DOCKER_HOST`` names, Docker's or Podman's. Never falls back to anything.

The one module that imports testcontainers and docker-py, and only when a container is asked for: they are the extra
`containers`. Whatever they raise becomes one line.
"""

from __future__ import annotations

import importlib.util
import ipaddress
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from harness.containers.errors import ContainersUnavailableError
from harness.containers.reaper import LABEL

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from testcontainers.core.container import DockerContainer

_MOST_SAID = 300


class Engine:
    """An engine that answers."""

    def __init__(self) -> None:
        """Reach it.

        Raises:
            ContainersUnavailableError: The extra is missing, no engine answers, or it is on another machine.
        """
        missing = [name for name in ("testcontainers", "docker") if importlib.util.find_spec(name) is None]
        if missing:
            raise ContainersUnavailableError(
                f"Tried to start a container: expected the package {missing[0]}, found none. "
                "Run `pip install 'stormproof[containers]'`, or use an embedded server."
            )
        _be_here(os.environ.get("DOCKER_HOST", ""))
        with telling("Asked the container engine for its version"):
            from testcontainers.core.config import testcontainers_config

            # Our own reaper does what Ryuk does, without a further image and without the engine's socket in it.
            testcontainers_config.ryuk_disabled = True
            from testcontainers.core.docker_client import DockerClient

            self._client = DockerClient().client

    def pull(self, image: str) -> str:
        """Return the id of *image*, a digest in hex; one that is not here is pulled.

        Raises:
            ContainersUnavailableError: It is neither here nor to be had.
        """
        from docker.errors import ImageNotFound

        with telling(f"Looked for the image {image}"):
            try:
                found = self._client.images.get(image)
            except ImageNotFound:
                found = None
        if found is None:
            remedy = f"Pull or build it first (`docker pull {image}`), or name another one."
            with telling(f"The image {image} is not on this machine; tried to pull it", remedy):
                found = self._client.images.pull(image)
        return str(found.id).partition(":")[2]

    def describe(
        self,
        image: str,
        arguments: Sequence[str],
        *,
        name: str,
        mark: str,
        network: Mapping[str, Any],
        files: Mapping[str, bytes],
    ) -> DockerContainer:
        """Return a container that is not created yet.

        Args:
            image: An image that is here.
            arguments: Further words for its entry point.
            name: Its name.
            mark: The run it belongs to.
            network: How it is reached, in docker-py's words.
            files: What is put into it before it starts, path to content.
        """
        from testcontainers.core.container import DockerContainer

        with telling(f"Described a container of {image}"):
            described = DockerContainer(image, command=list(arguments), name=name)
            described.ports.update(network.get("ports", {}))
            kept = {key: value for key, value in network.items() if key != "ports"}
            for path, content in files.items():
                described.with_copy_into_container(content, path)
            return described.with_kwargs(labels={LABEL: mark}, detach=True, **kept)

    def remove_marked(self, mark: str, *, name: str = "") -> int:
        """Remove the containers of the run *mark*; return how many there were.

        Args:
            mark: The run's mark.
            name: Of which container only; empty means all of them.

        Raises:
            ContainersUnavailableError: The engine does not answer.
        """
        with telling(f"Tried to remove the containers with the label {LABEL}={mark}"):
            marked = {"label": f"{LABEL}={mark}", **({"name": f"^/?{name}$"} if name else {})}
            found = self._client.containers.list(all=True, filters=marked, ignore_removed=True)
            for container in found:
                container.remove(force=True, v=True)
        return len(found)

    def close(self) -> None:
        """Release the connections."""
        self._client.close()


@contextmanager
def telling(what: str, remedy: str = "") -> Iterator[None]:
    """Turn whatever docker-py and testcontainers raise into one line that begins with *what*.

    Raises:
        ContainersUnavailableError: Something was raised.
    """
    from docker.errors import APIError, DockerException
    from requests.exceptions import RequestException

    place = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
    try:
        yield
    except APIError as error:
        raise ContainersUnavailableError(
            f"{what}: expected the engine at {place} to do it, saw {_line(error.explanation or error)}. "
            f"{remedy or 'See its log.'}"
        ) from error
    except (DockerException, RequestException, OSError) as error:
        raise ContainersUnavailableError(
            f"{what}: expected a container engine to answer at {place}, saw {_line(error)}. "
            f"{remedy or 'Start Docker or Podman or set DOCKER_HOST, or use an embedded server.'}"
        ) from error


def _line(said: object) -> str:
    return " ".join(str(said).split())[:_MOST_SAID]


def _be_here(host: str) -> None:
    """Refuse an engine elsewhere: it would publish ports on a loopback that is not ours."""
    parts = urlsplit(host)
    if parts.scheme in {"", "unix", "http+unix"}:
        return
    try:
        is_here = parts.hostname == "localhost" or ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        is_here = False
    if not is_here:
        raise ContainersUnavailableError(
            f"Read DOCKER_HOST={host}: expected an engine of this machine (unix://PATH or tcp://127.0.0.1:PORT), "
            "because containers are published on loopback only. Set DOCKER_HOST, or use an embedded server."
        )
