"""Run folders of any size, as the harness would leave them, for what reads them. Nothing is run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reports.stored_run import write_verdict
from reports.tests.run_folders import (
    SOUND_LINE,
    TWICE_LINE,
    record,
    sound_history,
    twice_history,
    write_part,
    write_run,
)
from verify.history.events import to_object
from verify.history.record import Bound
from verify.run_layout import EXPLORED, HISTORY, RECORD, SCHEDULES

if TYPE_CHECKING:
    from pathlib import Path

OPERATIONS = 2
"""Operations of each history of a long run."""

_BROKEN_IN = 10
"""One in so many parts of a wide run broke its promise."""


def long_run(folder: Path, histories: int) -> Path:
    """Write and judge one exploration of so many histories, each of :data:`OPERATIONS` operations."""
    (folder / SCHEDULES).mkdir(parents=True)
    bound = Bound(workers=2, faults=0, workloads=("same",))
    said = record(schedules=histories, classes=histories, bound=bound)
    (folder / RECORD).write_text(json.dumps(said.to_object()), encoding="utf-8")
    ends = [json.dumps(to_object(event), separators=(",", ":"))[1:] + "\n" for event in sound_history()]
    with (folder / HISTORY).open("w", encoding="utf-8") as history, (folder / EXPLORED).open("w") as explored:
        for number in range(1, histories + 1):
            history.writelines(f'{{"history":{number},{end}' for end in ends)
            explored.write(f"{number}\t0\t{SOUND_LINE}\n")
    write_run(folder)
    write_verdict(folder)
    return folder


def wide_run(folder: Path, parts: int) -> Path:
    """Write and judge a campaign of so many explorations, some of which found something."""
    listed = []
    for number in range(parts):
        name = f"part {number}"
        histories = [(SOUND_LINE, sound_history())]
        is_broken = number % _BROKEN_IN == 0
        histories += [(TWICE_LINE, twice_history())] if is_broken else []
        said = record(name=name, schedules=len(histories), classes=len(histories))
        write_part(folder / f"parts/{number}", said, histories, finding="at_most_once" if is_broken else "")
        listed.append({"name": name, "folder": f"parts/{number}", "role": "subject", "expected": None})
    write_run(folder, kind="campaign", parts=listed)
    write_verdict(folder)
    return folder
