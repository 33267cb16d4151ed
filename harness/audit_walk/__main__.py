"""Walks one audit: `python -m harness.audit_walk SUBJECT`, or one kill again: `--kill STEP --kind KIND`.

Exit status: 0 the audit kept what it promises at every kill, 1 it did not, 2 wrong input, 3 it cannot be walked.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from harness.audit_walk.subject import BOX, load_audit
from harness.audit_walk.walk import KILLED, KINDS, killed, walk
from harness.errors import HarnessError
from verify.history.judge import judge_history
from verify.history.promises import Promise
from verify.history.words import Verdict, merge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.audit_walk.walk import Walked

_STATUS = {Verdict.VALID: 0, Verdict.INVALID: 1, Verdict.UNKNOWN: 3}
_INTERRUPTED = 130


def main(argv: Sequence[str]) -> int:
    """Walk what the command line names; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m harness.audit_walk", description=__doc__)
    parser.add_argument("subject", help=f"one of {', '.join(BOX)}, package.module:make or path/to/file.py:make")
    parser.add_argument("--kill", type=int, metavar="STEP", help="only this kill, as a finding names it")
    parser.add_argument("--kind", choices=KINDS, default=KILLED, help="what strikes at --kill")
    asked = parser.parse_args(argv)
    again: int | None = asked.kill
    try:
        make = load_audit(asked.subject)
        return _tell(asked.subject, list(walk(make) if again is None else [killed(make, again, asked.kind)]))
    except HarnessError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return _INTERRUPTED


def _tell(subject: str, walked: Sequence[Walked]) -> int:
    """Print the verdict, and the first kill that shows each broken claim with the line that shows it again."""
    told: set[str] = set()
    verdicts = []
    for each in walked:
        judged = judge_history(each.events, Promise.AUDITED)
        verdicts.append(judged.verdict)
        for finding, decides in judged.findings:
            if decides and finding.checker not in told:
                told.add(finding.checker)
                sys.stdout.write(f"{finding.checker}: {finding.sentence}\n")
                sys.stdout.write(f"  {_again(subject, each)}\n")
    verdict = merge(verdicts)
    sys.stdout.write(f"{verdict}: {subject}, {len(walked)} runs\n")
    return _STATUS[verdict]


def _again(subject: str, walked: Walked) -> str:
    """Return the line that shows it again."""
    if not walked.step:
        return "where nobody was killed"
    return f"python -m harness.audit_walk {subject} --kill {walked.step} --kind {walked.kind}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
