"""The forms in which a rollout report can be had, each a function from the report to a text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reports.rollout_github import as_annotations
from reports.rollout_junit import as_junit
from reports.rollout_markdown import as_markdown
from reports.rollout_sarif import as_sarif
from reports.rollout_table import as_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from verify.rollout.findings import Report


def as_json(report: Report) -> str:
    """Return the report as one JSON object."""
    return f"{json.dumps(report.to_object(), indent=2, ensure_ascii=False)}\n"


FORMS: Mapping[str, Callable[[Report], str]] = {
    "table": as_table,
    "json": as_json,
    "sarif": as_sarif,
    "junit": as_junit,
    "github": as_annotations,
    "markdown": as_markdown,
}
"""Name of each form, as `--format` takes it."""
