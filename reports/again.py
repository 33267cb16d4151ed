"""The command that runs a part of a run again, for somebody who wants to see for themselves."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from verify.history.judge import EXPLORE
from verify.run_layout import DURABILITY

if TYPE_CHECKING:
    from reports.judged_run import JudgedPart, JudgedRun


def command_again(part: JudgedPart) -> str:
    """Return the command that runs the part again, on the embedded server."""
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
    else:
        words = ["campaign", "--tier", tier, "--only", part.stored.name.partition(",")[0], "--subject", subject]
    return shlex.join(["stormproof", *words, "--seed", seed])


def command_of_judging(judged: JudgedRun) -> str:
    """Return the command that judges the stored run again, without Redis."""
    return shlex.join(["stormproof", "judge", judged.run.named])
