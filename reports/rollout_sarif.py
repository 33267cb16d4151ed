"""A rollout report as SARIF 2.1.0: a rule for each check, a result for each finding and each check that passed."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from verify.history.words import Verdict
from verify.rollout.path_text import from_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.rollout.findings import Finding, Report, Result

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def as_sarif(report: Report) -> str:
    """Return the report as one SARIF log. What is UNKNOWN is of the kind `open`, which SARIF gives no level."""
    rules = [
        {
            "id": result.id,
            "name": result.title.title().replace(" ", ""),
            "shortDescription": {"text": result.title},
            "fullDescription": {"text": result.claim},
            "defaultConfiguration": {"level": "error"},
        }
        for result in report.results
    ]
    run = {
        "tool": {"driver": {"name": "stormproof verify-rollout", "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "results": [stored for number, result in enumerate(report.results) for stored in _results(number, result)],
        "invocations": [{"executionSuccessful": report.verdict is not Verdict.UNKNOWN}],
        "properties": {"verdict": report.verdict.value, "summary": report.summary, "baseline": report.baseline},
    }
    return f"{json.dumps({'$schema': SCHEMA, 'version': '2.1.0', 'runs': [run]}, indent=2)}\n"


def _results(number: int, result: Result) -> Iterator[dict[str, Any]]:
    if not result.findings:
        is_valid = result.verdict is Verdict.VALID
        said = "; ".join(result.evidence) or "nothing was looked at"
        kind = "pass" if is_valid else "open"
        yield {"ruleId": result.id, "ruleIndex": number, "kind": kind, "level": "none", "message": {"text": said}}
    for finding in result.findings:
        is_invalid = finding.verdict is Verdict.INVALID
        mark = hashlib.sha256(f"{result.id}\n{finding.rule}\n{finding.path}\n{finding.sentence}".encode()).hexdigest()
        stored = {
            "ruleId": result.id,
            "ruleIndex": number,
            "kind": "fail" if is_invalid else "open",
            "level": "error" if is_invalid else "none",
            "message": {"text": finding.sentence},
            "partialFingerprints": {"stormproof/v1": mark},
            "properties": {"rule": finding.rule},
        }
        yield stored | ({"locations": [_location(finding)]} if finding.path else {})


def _location(finding: Finding) -> dict[str, Any]:
    uri = quote(os.fsencode(from_text(finding.path)))
    place: dict[str, Any] = {"artifactLocation": {"uri": uri, "uriBaseId": "%SRCROOT%"}}
    if finding.line:
        place["region"] = {"startLine": finding.line}
    return {"physicalLocation": place}
