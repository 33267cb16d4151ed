"""A rollout report as Markdown, for a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.rollout_table import MARKS

if TYPE_CHECKING:
    from verify.rollout.findings import Report

_SPOILS = str.maketrans({each: f"\\{each}" for each in "\\`*_{}[]<>|#~"})


def as_markdown(report: Report) -> str:
    """Return the report as Markdown; what stands in names of files is shown as it is, and never marks anything up."""
    lines = [f"# {report.verdict}: {report.summary}", "", f"Compared with `{report.baseline.replace('`', '')}`.", ""]
    lines += ["| | check | what it says |", "| --- | --- | --- |"]
    lines += [f"| {MARKS[result.verdict]} | {result.title} | {result.claim} |" for result in report.results]
    for result in report.results:
        if result.findings:
            lines += ["", f"## {result.title}: {result.verdict}", ""]
            lines += [f"- {finding.rule}: {finding.sentence.translate(_SPOILS)}" for finding in result.findings]
    lines += ["", "<details><summary>What was looked at</summary>", ""]
    for result in report.results:
        lines += [f"- {result.title}: {line.translate(_SPOILS)}" for line in result.evidence]
    return "\n".join([*lines, "", "</details>", ""])
