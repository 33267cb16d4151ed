"""How long the generated claims about the reference take with the profile of CI: the command, from start to end."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from benchmarks.core import all_cores
from benchmarks.rows import Row, spread_of
from benchmarks.workload import WrongAnswerError

if TYPE_CHECKING:
    from benchmarks.rows import Effort

NAME = "generated-claims"

_LIMIT_S = 240.0


def ci_profile(effort: Effort) -> list[Row]:
    """Draw all claims about the reference once; a short run draws those of the profile ``dev``."""
    profile = "dev" if effort.is_short else "ci"
    with tempfile.TemporaryDirectory() as folder, all_cores() as cores:
        command = (sys.executable, "-m", "stormproof", "properties", "--profile", profile, "--out")
        began = perf_counter()
        ended = subprocess.run([*command, str(Path(folder) / "run")], capture_output=True, check=False)
        elapsed_s = perf_counter() - began
    if ended.returncode:
        raise WrongAnswerError(f"{' '.join(command)} ended with {ended.returncode}")
    return [
        Row(
            benchmark=NAME,
            case=f"all claims about the reference, profile {profile}: drawn in / {_LIMIT_S:g} s",
            ratio=spread_of([elapsed_s / _LIMIT_S]),
            limit=1.0,
            note=f"{elapsed_s:.1f} s on {len(cores)} cores",
            figures={"elapsed_s": elapsed_s},
        )
    ]
