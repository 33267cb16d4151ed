"""The command that runs a part of a run again, for somebody who wants to see for themselves."""

from __future__ import annotations

import shlex
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from reports.stored_history import mark_of
from verify.history.judge import EXPLORE
from verify.run_layout import DURABILITY, SCENARIOS, schedule_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reports.judged_run import JudgedPart, JudgedRun

_PROGRAMS = {"stormproof", "__main__.py"}
_OUT = "--out"


def command_again(part: JudgedPart) -> str:
    """Return the command that runs the part again, on the embedded server; empty where only the whole run can be."""
    verdict = part.object
    subject, seed, tier = str(verdict["subject"]), str(verdict["seed"]), str(verdict["tier"])
    if tier == EXPLORE:
        bound = verdict["bound"]
        words = ["explore", "--command" if " " in subject else "--subject", subject]
        words += ["--promise", str(verdict["promise"])]
        words += ["--workers", str(bound["workers"]), "--faults", str(bound["faults"])]
        words += ["--kinds", ",".join(bound["kinds"])] if bound["kinds"] else []
    elif tier == DURABILITY:
        words = ["campaign", "--tier", tier]
    elif tier != SCENARIOS:
        return ""
    else:
        words = ["campaign", "--tier", tier, "--only", part.stored.name.partition(",")[0], "--subject", subject]
    return shlex.join(["stormproof", *words, "--seed", seed])


def command_for(part: JudgedPart, finding: Mapping[str, Any]) -> str:
    """Return the command that shows a finding again: of the schedule as it lies here, else of the whole part.

    The line in the verdict names the folder of the run, which may be on another machine.
    """
    if not finding["replay"]:
        return command_again(part)
    place = part.stored.folder / schedule_file(mark_of(finding))
    return shlex.join(["stormproof", "replay", str(place)]) if place.is_file() else str(finding["replay"])


def command_of_run(judged: JudgedRun) -> str | None:
    """Return the command that made the run, for another folder; None where it was made by another program."""
    words = judged.environment.get("command")
    if not isinstance(words, list) or not words or PurePath(str(words[0])).name not in _PROGRAMS:
        return None
    kept = [str(word) for word in words[1:]]
    while _OUT in kept:
        at = kept.index(_OUT)
        del kept[at : at + 2]
    return shlex.join(["stormproof", *(word for word in kept if not word.startswith(f"{_OUT}="))])


def command_of_judging(judged: JudgedRun) -> str:
    """Return the command that judges the stored run again, where it lies here, without Redis."""
    return shlex.join(["stormproof", "judge", str(judged.run.folder)])
