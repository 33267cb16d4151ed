"""A rollout report for a terminal: what was looked at, what is wrong, a line for each check, the summary last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.history.words import Verdict

if TYPE_CHECKING:
    from verify.rollout.findings import Report

MARKS = {Verdict.VALID: "✓", Verdict.INVALID: "✗", Verdict.UNKNOWN: "?"}


def as_table(report: Report) -> str:
    """Return the report as lines; the last one is the summary."""
    lines = []
    for result in report.results:
        lines.append(f"{result.title}: {result.verdict}")
        lines += [f"  {line}" for line in result.evidence]
        lines += [f"  {finding.verdict} {finding.rule}: {finding.sentence}" for finding in result.findings]
        lines.append("")
    lines += [f"{MARKS[result.verdict]} {result.title}" for result in report.results]
    return "\n".join([*lines, "", report.summary, ""])
