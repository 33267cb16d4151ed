"""restart_empty: the server dies, its disk is gone, and an empty one answers at the same address."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from harness.nemesis.evidence import run_id
from harness.nemesis.fault import OWN, Injection, RealFault
from harness.nemesis.return_of_server import bring_back
from harness.nemesis.site import Need

if TYPE_CHECKING:
    from pathlib import Path

    from harness.nemesis.site import Site


def plan(site: Site) -> Injection:
    """Kill the server, remove its files, and start it."""
    server = site.own_server
    before = run_id(server)
    held: list[int] = []
    came_back_with: list[int] = []

    def strike() -> None:
        held.append(server.client().dbsize())
        server.kill()
        for path in _data(server.folder):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        server.restart()
        came_back_with.append(server.client().dbsize())

    def look() -> str:
        if came_back_with != [0] or held == [0] or run_id(server) in {"", before}:
            return ""
        return f"run id {run_id(server)} instead of {before}, and it came back with 0 of {held[0]} keys"

    return Injection(strike=strike, look=look, heal=(lambda: bring_back(server),))


def _data(folder: Path) -> list[Path]:
    return [path for name in ("appendonlydir", "appendonly.aof", "dump.rdb") if (path := folder / name).exists()]


FAULT = RealFault(
    name="restart_empty",
    what="SIGKILL of the server and loss of its disk: inside the block an empty server answers at the same address.",
    witness="The run id is another one, and the server came back with no key where it had some.",
    demand="May refuse to work on a store that is not the one it knew. May not take an "
    "empty store for a fresh start.",
    heals="The server answers. What was lost stays lost.",
    blast_radius="One server of ours, all its keys and files, and every connection to it.",
    needs=frozenset({Need.FOLDER}),
    providers=OWN,
    plan=plan,
)
inject = FAULT.inject
