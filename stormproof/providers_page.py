"""The page about where servers come from, and how they stand together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.containers.image import REDIS_IMAGE, TOXIPROXY_IMAGE
from harness.topologies.registry import TOPOLOGIES
from stormproof.markdown import table

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROVIDERS = (
    (
        "`embedded`, `embedded:6.2`",
        "a process of ours, from a package",
        "all of it; its clock with the extra `clock`",
        "all",
    ),
    (
        "`path`",
        "a process of ours, from your PATH",
        "all of it; its clock unless it is linked with the shared jemalloc",
        "all",
    ),
    (
        "`container`, `container:IMAGE:TAG`",
        "a container of ours, on Docker or Podman",
        "kill, restart with its data, pause; not its clock, and no write of its append-only file can be cut",
        "all, in this machine's network",
    ),
    (
        "`redis://...`, `unix://...`",
        "somebody else's",
        "nothing: it is only used, with `--allow-target`",
        "none: it is not ours to kill",
    ),
)


def providers_page() -> Iterator[str]:
    """Yield the paragraphs of the page."""
    yield "`--redis` says which server is used, and with that what can be done to it."
    yield table(("`--redis`", "the server", "what is in our hands", "topologies"), list(_PROVIDERS))
    yield "## Containers"
    yield (
        "They need the extra `containers`, and an engine of this machine: Docker's, or Podman's at the socket"
        " that `DOCKER_HOST` names. `container` alone stands for a pinned image. Of an image that you name, a"
        " tag or a digest is asked for. One that is not there is pulled."
    )
    yield table(
        ("option", "the image of `container` alone"),
        [("`--redis`", f"`{REDIS_IMAGE}`"), ("`--toxiproxy`", f"`{TOXIPROXY_IMAGE}`")],
    )
    yield (
        "Any image will do whose entry point takes a configuration file as its first word; the official "
        "images of Redis and Valkey do. A server is published on loopback and nowhere else. A Toxiproxy is in"
        " this machine's network, because each of its proxies listens at a port of its own, and listens on "
        "loopback too. Servers that tell clients each other's addresses, Sentinels and nodes of a cluster, "
        "are there as well: they know only the port at which they listen themselves."
    )
    yield (
        "Within a process one container is kept, emptied and used again, unless a directive or a user was "
        "changed. Names begin with `stormproof-`, and the label `stormproof.run` holds the mark of the run. "
        "All of them are removed at the end, after Ctrl-C, and after a SIGKILL too: a child that outlives "
        "stormproof sees to that. Without an engine, without the image, or when the engine goes away, the run"
        " ends with 3 and one line. Nothing is used in a container's place."
    )
    yield "## Topologies"
    yield (
        "`TOPOLOGIES` in [harness/topologies/registry.py](../harness/topologies/registry.py) has them by "
        "name. Each is a context manager, made with what `--redis` means."
    )
    yield table(("name", "what it is"), [(f"`{name}`", made.WHAT) for name, made in TOPOLOGIES.items()])
    yield """\
```python
from harness.redis_server.choice import parse_choice
from harness.topologies.sentinel import SentinelTopology

with SentinelTopology(parse_choice("embedded")) as topology:
    print(topology.sentinel_addresses, topology.urls)
    topology.fail_over()  # kills the primary, and waits until every Sentinel names the replica
    topology.rejoin()  # starts it again, and waits until it is a replica that is in sync
```"""
