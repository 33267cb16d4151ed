"""One process that runs parts of a campaign, ``python -m stormproof.part_hand SOCKET``; it decides nothing.

It ends when its link does, and leaves neither a server nor a key behind.
"""

from __future__ import annotations

import os
import sys
from multiprocessing.connection import Client
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import HarnessError, WrongInputError
from harness.explorer.gate.placement import on_one_core
from harness.explorer.plan import Plan
from harness.interruption import heeding_signals
from reports.stored_run import StoredRunError
from stormproof.live import Live
from stormproof.part_pool import Errand, Failed, Task
from stormproof.part_run import Told, run_part

if TYPE_CHECKING:
    from harness.redis_server.choice import RedisChoice


def main() -> None:
    """Connect to the campaign and run its parts until there are no more."""
    with heeding_signals(), Client(sys.argv[1], family="AF_UNIX") as link:
        try:
            task: Task = link.recv()
            with on_one_core(os.getpid()):
                while True:
                    told = _ran(link.recv(), task.choice)
                    link.send(told)
                    if isinstance(told, Failed) or told.interrupted:
                        return
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return


def _ran(errand: Errand, choice: RedisChoice) -> Told | Failed:
    plan = Plan.from_object(errand.plan)
    run, folder = Path(errand.run), Path(errand.folder)
    try:
        return run_part(run, folder, plan, choice, Live(silent=True), checker=errand.checker)
    except (HarnessError, StoredRunError) as error:
        return Failed(str(error), isinstance(error, WrongInputError))
    except KeyboardInterrupt:
        return Told(f"{errand.name}: interrupted", interrupted=True)


if __name__ == "__main__":
    main()
