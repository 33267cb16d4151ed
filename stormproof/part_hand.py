"""One process that runs parts of a campaign, ``python -m stormproof.part_hand SOCKET``; it decides nothing.

It ends when its link does, and leaves neither a server nor a key behind.
"""

from __future__ import annotations

import os
import sys
from multiprocessing.connection import Client
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import CouldNotRunError, HarnessError, WrongInputError
from harness.explorer.gate.placement import on_one_core
from harness.explorer.plan import Plan
from harness.interruption import heeding_signals
from reports.stored_run import StoredRunError
from stormproof.live import Live
from stormproof.part_pool import Errand, Failed, Lost, Task
from stormproof.part_run import Told, run_part
from verify.history.judge import EXPLORE

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
                    if isinstance(told, Failed) or (isinstance(told, Told) and told.interrupted):
                        return
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return


def _ran(errand: Errand, choice: RedisChoice) -> Told | Lost | Failed:
    try:
        return _run(errand, choice)
    except (HarnessError, StoredRunError) as error:
        return Failed(str(error), isinstance(error, WrongInputError))
    except KeyboardInterrupt:
        return Told(f"{errand.name}: interrupted", interrupted=True)


def _run(errand: Errand, choice: RedisChoice) -> Told | Lost:
    run, folder, live = Path(errand.run), Path(errand.folder), Live(silent=True)
    if errand.tier == EXPLORE:
        return run_part(run, folder, Plan.from_object(errand.asked), choice, live, checker=errand.checker)
    from stormproof.check_run import run_check  # noqa: PLC0415 - what it loads takes long

    try:
        return run_check(errand, choice, live.say)
    except CouldNotRunError as error:
        # The others may show something all the same.
        return Lost(str(error))


if __name__ == "__main__":
    main()
