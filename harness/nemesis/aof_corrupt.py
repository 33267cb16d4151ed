"""aof_corrupt: the server dies, its append-only file is damaged, and it refuses to start until that is mended."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from harness.errors import CouldNotRunError
from harness.nemesis.appended import last_writes
from harness.nemesis.evidence import run_id
from harness.nemesis.fault import OWN, Injection, RealFault
from harness.nemesis.figures import check_at_least
from harness.nemesis.return_of_server import bring_back
from harness.nemesis.site import Need
from harness.redis_server.errors import RedisUnavailableError

if TYPE_CHECKING:
    from harness.nemesis.site import Site
    from harness.redis_server.server import RedisServer

_REFUSAL = "Bad file format"
_DAMAGE = b"\0damaged\0"
_CHECK_S = 30.0


def plan(site: Site, *, writes: int = 1) -> Injection:
    """Kill the server and damage its append-only file *writes* (1 or more) writes before the end.

    Raises:
        WrongInputError: *writes* is below 1.
    """
    check_at_least("aof_corrupt", 1, writes=writes)
    server = site.own_server
    said: list[str] = []

    def strike() -> None:
        server.kill()
        path = server.append_only_file()
        place = last_writes(path, writes)[0].begins
        with path.open("r+b") as file:
            file.seek(place)
            file.write(_DAMAGE)
        try:
            server.restart()
        except RedisUnavailableError:
            said.extend(line for line in server.log_tail().splitlines() if _REFUSAL in line)

    def look() -> str:
        return f"the server refused to start: {said[-1]}" if said else ""

    return Injection(strike=strike, look=look, heal=(lambda: bring_back(server), lambda: _mend(server)))


def _mend(server: RedisServer) -> None:
    """Let the server's own tool cut the file before the damage.

    The binary is that tool when it is called by its name.

    Raises:
        CouldNotRunError: The tool failed.
    """
    if run_id(server):
        return
    tool = server.folder / f"{server.binary.name}-check-aof"
    if not tool.exists():
        tool.symlink_to(server.binary.path.resolve())
    path = server.append_only_file()
    # Of the file alone: given the manifest, the tool of Valkey 9.1 does not know its own snapshots.
    done = subprocess.run(
        [str(tool), "--fix", str(path)],
        input="y\n",
        capture_output=True,
        text=True,
        timeout=_CHECK_S,
        check=False,
    )
    if done.returncode != 0:
        raise CouldNotRunError(f"Mended {path.name} with {tool.name} --fix: it said {done.stdout.strip()[-500:]}")


FAULT = RealFault(
    name="aof_corrupt",
    what="SIGKILL of the server, and its append-only file is damaged `writes` writes before the end: inside the "
    "block it refuses to start.",
    witness="The server's log says `Bad file format`, and nobody answers.",
    demand="May answer with an error. Afterwards, as for a lost record: may answer that it is in doubt, may not run "
    "an effect again as if it were new.",
    heals="The server's own tool (`redis-check-aof --fix`) cuts the file before the damage, and the server starts. "
    "What was written behind it stays lost.",
    blast_radius="One server of ours, its last writes, and every connection to it.",
    needs=frozenset({Need.APPEND_ONLY}),
    providers=OWN,
    plan=plan,
)
inject = FAULT.inject
