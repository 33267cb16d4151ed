"""Explores a guard with frontrun, ``python -m frontrun.cli python -m benchmarks.frontrun_script URL EXECUTIONS``.

Two workers call one key, each with a guard of its own, as in the explorer; what landed is counted. It explores again
and again until so many executions have run, and prints executions and seconds as one JSON object.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from itertools import count
from time import perf_counter
from typing import Any

from benchmarks.guards import claim_effect_mark
from benchmarks.workload import PAYLOAD, RECEIPT

_LEASE_S = 300.0
_WORKERS = 2
_numbers = count()


class State:
    """One key, and what landed of it."""

    def __init__(self, url: str) -> None:
        """Begin with a key that nobody has used."""
        self.url = url
        self.key = f"frontrun{os.getpid()}-{next(_numbers)}"
        self.landed = 0

    def effect(self, _payload: object) -> dict[str, object]:
        """Land."""
        self.landed += 1
        return RECEIPT

    def work(self) -> None:
        """Do what one worker does."""
        claim_effect_mark(self.url, _LEASE_S)(self.key, PAYLOAD, self.effect)

    def is_kept(self) -> bool:
        """Say whether the effect landed once."""
        return self.landed == 1


def _executions(explore: Any, url: str) -> int:
    """Explore once; return how many executions that took."""
    result = explore(lambda: State(url), State.work, State.is_kept, count=_WORKERS, stop_on_first=False)
    if not result.property_holds:
        sys.exit(f"frontrun found {result.failures}; expected nothing")
    explored: int = result.num_explored
    return explored


def main() -> None:
    """Explore and print."""
    url, wanted = sys.argv[1], int(sys.argv[2])
    explore: Any = importlib.import_module("frontrun").explore
    # What it imports when it explores for the first time is not counted.
    _executions(explore, url)
    executions, began = 0, perf_counter()
    while executions < wanted:
        executions += _executions(explore, url)
    spent_s = perf_counter() - began
    sys.stdout.write(json.dumps({"executions": executions, "elapsed_s": spent_s}) + "\n")


if __name__ == "__main__":
    main()
