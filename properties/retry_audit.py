"""The audit is whole at whatever step its writer is killed: what it acknowledged is there, the chain is intact."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from harness.errors import CouldNotRunError
from harness.processes.child import spawn_module
from harness.processes.folder import make_folder, remove_folder
from properties.audit_writer import ACTS, AUDIT, DONE, FORCE, RECORD, TOLD, UnwaitedDisk
from properties.claim import Claim, demand
from safety_core.job_safety.retry_audit import Phase, RetryAudit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_MOST_STEPS = 150


@dataclass(slots=True)
class Writers:
    """What kills writers, and what reads the audits that they leave.

    Attributes:
        program: The program that forks writers.
        folder: Where each audit gets a folder.
        numbers: Names the folders.
    """

    program: subprocess.Popen[bytes]
    folder: Path
    numbers: Iterator[int]

    def killed(self, acts: Sequence[str], fatal: int) -> Path:
        """Let a writer do the acts until it is killed; return what it left.

        Raises:
            CouldNotRunError: The program is gone.
        """
        left = self.folder / f"audit-{next(self.numbers)}"
        left.mkdir()
        asked = json.dumps({"folder": str(left), "acts": list(acts), "fatal": fatal})
        stdin, stdout = self.program.stdin, self.program.stdout
        if stdin is None or stdout is None:
            raise TypeError("the program was started without pipes")
        try:
            stdin.write(asked.encode() + b"\n")
            stdin.flush()
        except BrokenPipeError as error:
            raise CouldNotRunError("the program that writes audits is gone") from error
        if stdout.readline() != b"\n":
            raise CouldNotRunError("the program that writes audits did not answer")
        return left


def check(at: Writers, *, acts: list[str], fatal: int) -> None:
    """Assert what every reader relies on, before and after a successor has compacted what was left."""
    left = at.killed(acts, fatal)
    told = (left / TOLD).read_text(encoding="utf-8").splitlines() if (left / TOLD).exists() else []
    done = {path.name.removeprefix(DONE) for path in left.glob(f"{DONE}*")}
    audit = RetryAudit(left / AUDIT, disk=UnwaitedDisk())
    for _ in range(2):
        records = audit.query()
        problems = audit.verify().problems
        demand(not problems, f"the chain is broken: {'; '.join(problems)}")
        ended = Counter(each.job_id for each in records if each.phase is not Phase.INTENT)
        lost = [job for job in told if not ended[job]]
        demand(not lost, f"{', '.join(lost)}: acknowledged, and not in the audit")
        double = [job for job, times in ended.items() if times > 1]
        demand(not double, f"{', '.join(double)}: in the audit more than once")
        unwritten = done - {each.job_id for each in records if each.phase is Phase.INTENT}
        demand(not unwritten, f"{', '.join(sorted(unwritten))}: done without an intent in the audit")
        audit.flush()
    shutil.rmtree(left)


@contextmanager
def writers(module: str = "properties.audit_writer") -> Iterator[Writers]:
    """Start the program that forks writers."""
    folder = make_folder()
    program = spawn_module(module, log=folder / "log", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield Writers(program, folder, itertools.count())
    finally:
        program.kill()
        program.communicate()
        remove_folder(folder)


CLAIM = Claim(
    name="retry_audit",
    says="At whatever step a writer of the audit is killed: what it acknowledged is there once, nothing was done "
    "that is not written down, and the chain is intact.",
    drawn={
        "acts": st.lists(st.sampled_from((RECORD, FORCE, *ACTS)), min_size=1, max_size=10),
        "fatal": st.integers(1, _MOST_STEPS),
    },
    check=check,
    suspect=writers,
)
