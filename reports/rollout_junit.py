"""A rollout report as JUnit XML: one test case for each check. What was not shown is an error, never a pass."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from reports.judged_run import plain
from verify.history.words import Verdict

if TYPE_CHECKING:
    from verify.rollout.findings import Report

_TAG = {Verdict.INVALID: "failure", Verdict.UNKNOWN: "error"}


def as_junit(report: Report) -> str:
    """Return the report as JUnit XML."""
    suite = ET.Element("testsuite", {"name": "stormproof verify-rollout"})
    for result in report.results:
        case = ET.SubElement(suite, "testcase", {"classname": "rollout", "name": result.title})
        if result.verdict in _TAG:
            said = [plain(finding.sentence) for finding in result.findings] or ["nothing was looked at"]
            trouble = ET.SubElement(case, _TAG[result.verdict], {"message": said[0], "type": result.verdict})
            trouble.text = "\n".join(said)
        ET.SubElement(case, "system-out").text = "\n".join(plain(line) for line in result.evidence)
    for attribute, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
        suite.set(attribute, str(sum(1 for _ in suite.iter(tag))))
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'
