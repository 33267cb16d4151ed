"""A rollout report as annotations of GitHub Actions: workflow commands, one a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.history.words import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from verify.rollout.findings import Finding, Report

_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = {**_DATA, ":": "%3A", ",": "%2C"}


def as_annotations(report: Report) -> str:
    """Return one command for each finding, and the summary as a notice or an error."""
    lines = [
        _command("error", f"{result.title} ({finding.rule})", finding.sentence, finding)
        for result in report.results
        for finding in result.findings
    ]
    level = "notice" if report.verdict is Verdict.VALID else "error"
    return "\n".join([*lines, _command(level, "stormproof verify-rollout", report.summary), ""])


def _command(level: str, title: str, message: str, finding: Finding | None = None) -> str:
    properties = {"title": title}
    if finding is not None and finding.path:
        properties = {"file": finding.path, "line": str(finding.line or 1), **properties}
    said = ",".join(f"{name}={_escaped(value, _PROPERTY)}" for name, value in properties.items())
    return f"::{level} {said}::{_escaped(message, _DATA)}"


def _escaped(text: str, table: Mapping[str, str]) -> str:
    return "".join(table.get(each, each) for each in text)
