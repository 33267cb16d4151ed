"""``junit.xml``: one test case for each part, for CI servers. What was not shown is an error, never a pass."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from reports.judged_run import load_judged, part_headline, plain
from reports.stored_run import write_whole
from reports.times import span_of
from verify.history.words import Verdict
from verify.run_layout import JUNIT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reports.judged_run import JudgedPart, JudgedRun

WHOLE = "the run as a whole"
"""The test case of a run that is not VALID although each part is: it was interrupted, or had no subject."""


def render_junit(judged: JudgedRun) -> bytes:
    """Return the XML of ``junit.xml``."""
    suite = ET.Element("testsuite", {"name": f"stormproof {judged.run.kind}"})
    span = span_of(judged.environment)
    if span is not None:
        suite.set("timestamp", span.started.isoformat(timespec="seconds"))
        suite.set("time", f"{span.seconds:g}")
    if judged.parts:
        _properties(suite, _told(judged.parts[0]))
    for part in judged.parts:
        _case(suite, part)
    for name, why in judged.run.not_run:
        case = ET.SubElement(suite, "testcase", {"classname": "not run", "name": plain(name)})
        ET.SubElement(case, "skipped", {"message": plain(why)})
    if judged.unexplained:
        case = ET.SubElement(suite, "testcase", {"classname": judged.run.kind, "name": WHOLE})
        _trouble(case, judged.verdict, f"Not shown: {judged.unexplained}.", "")
    for attribute, tag in (
        ("tests", "testcase"),
        ("failures", "failure"),
        ("errors", "error"),
        ("skipped", "skipped"),
    ):
        suite.set(attribute, str(sum(1 for _ in suite.iter(tag))))
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'.encode()


def write_junit(folder: Path | str) -> Path:
    """Write ``junit.xml`` of the judged run in *folder* and return where it is.

    Raises:
        StoredRunError: The folder is no run folder, was not judged yet, or cannot be written.
    """
    judged = load_judged(folder)
    path = judged.run.folder / JUNIT
    write_whole(path, render_junit(judged))
    return path


def _case(suite: ET.Element, part: JudgedPart) -> None:
    group = "instrument" if part.row is not None else str(part.object["tier"])
    case = ET.SubElement(suite, "testcase", {"classname": group, "name": plain(part.stored.name)})
    _properties(case, {"subject": part.object["subject"], "promise": part.object["promise"], **_told(part)})
    lines = [
        f"{group.checker} ({group.standing}): {group.smallest['sentence']}\n{group.smallest['replay']}"
        for group in part.groups
        if group.decides
    ]
    _trouble(case, part.verdict, part_headline(part), "\n\n".join([*lines, *part.object["reasons"]]))


def _trouble(case: ET.Element, verdict: Verdict, message: str, more: str) -> None:
    if verdict is Verdict.VALID:
        return
    tag = "failure" if verdict is Verdict.INVALID else "error"
    trouble = ET.SubElement(case, tag, {"message": plain(message), "type": verdict.value})
    trouble.text = "\n".join(map(plain, more.splitlines()))


def _told(part: JudgedPart) -> dict[str, str]:
    return {"seed": str(part.object["seed"]), "server": part.server, "server_sha256": part.object["server"]["sha256"]}


def _properties(element: ET.Element, told: Mapping[str, str]) -> None:
    properties = ET.SubElement(element, "properties")
    for name, value in told.items():
        ET.SubElement(properties, "property", {"name": name, "value": plain(value)})
