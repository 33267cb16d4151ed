"""One process that judges blocks of histories, ``python -m reports.judging_hand DESCRIPTOR``; it decides nothing.

It ends when its link does, writes nothing, and starts nothing.
"""

from __future__ import annotations

import sys
from io import BytesIO
from multiprocessing.connection import Connection

from reports.judging_apart import Shown, Task
from reports.stored_history import HistoryReader
from verify.history.judge import Survey


def main() -> None:
    """Judge what comes, until nothing does."""
    with Connection(int(sys.argv[1])) as link:
        try:
            task: Task = link.recv()
            while True:
                first: int = link.recv()
                link.send(_shown(task, first, link.recv_bytes()))
        except (EOFError, ConnectionError):
            return


def _shown(task: Task, first: int, text: bytes) -> Shown:
    reader = HistoryReader(task.folder, task.explored)
    survey, met = Survey(task.record), []
    for stored in reader.of_lines(BytesIO(text), first):
        met.append(stored.id)
        survey.take(stored)
    return Shown(survey, met, reader.unscheduled, reader.nameless)


if __name__ == "__main__":
    main()
