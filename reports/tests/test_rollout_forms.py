"""The forms of a rollout report: each says the same, and none lets what stands in a name of a file change it."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as Sarif

from reports.rollout_forms import FORMS
from verify.history.words import Verdict
from verify.rollout.findings import Finding, Report, Result, unknown

ODD = "execution/a%0ab%ff,::error::x|`y`.py"
PASSED = Result(id="execution_unchanged", title="Execution unchanged", claim="It is.", findings=(), evidence=("3",))
FAILED = Result(
    id="risk_gates_unchanged",
    title="Risk gates unchanged",
    claim="They are.",
    findings=(
        Finding(rule="changed", sentence=f"{ODD} is 100% other\nthan it was", path=ODD, line=7),
        Finding(rule="missing", sentence="risk/gates.py is missing", path="risk/gates.py"),
    ),
    evidence=("2 files",),
)
UNSHOWN = Result(
    id="idempotency_active",
    title="Idempotency active",
    claim="It is.",
    findings=(unknown("there is no Redis"),),
    evidence=(),
)
REPORTS = {
    Verdict.VALID: Report(baseline="git:main", results=(PASSED,)),
    Verdict.INVALID: Report(baseline="git:main", results=(PASSED, FAILED, UNSHOWN)),
    Verdict.UNKNOWN: Report(baseline="git:main", results=(PASSED, UNSHOWN)),
}


@pytest.mark.parametrize("verdict", REPORTS)
def test_sarif_is_valid_and_says_what_the_report_says(verdict: Verdict) -> None:
    """It fits the model that is made of the schema, and only what is INVALID fails in it."""
    stored = json.loads(FORMS["sarif"](REPORTS[verdict]))
    Sarif.model_validate(stored)
    (run,) = stored["runs"]
    kinds = [result["kind"] for result in run["results"]]
    assert (
        kinds
        == {
            Verdict.VALID: ["pass"],
            Verdict.INVALID: ["pass", "fail", "fail", "open"],
            Verdict.UNKNOWN: ["pass", "open"],
        }[verdict]
    )
    assert run["invocations"][0]["executionSuccessful"] is (kinds.count("open") == 0 or verdict is Verdict.INVALID)
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [each.id for each in REPORTS[verdict].results]


def test_sarif_names_files_as_addresses() -> None:
    """Bytes that are no text are written as an address writes them."""
    stored = json.loads(FORMS["sarif"](REPORTS[Verdict.INVALID]))
    place = stored["runs"][0]["results"][1]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "execution/a%0Ab%FF%2C%3A%3Aerror%3A%3Ax%7C%60y%60.py"
    assert place["region"] == {"startLine": 7}


def test_sarif_that_lacks_something_is_refused_by_the_model() -> None:
    """Else the test above would hold of anything."""
    stored = json.loads(FORMS["sarif"](REPORTS[Verdict.INVALID]))
    del stored["runs"][0]["tool"]
    with pytest.raises(ValueError, match="tool"):
        Sarif.model_validate(stored)


def test_junit_counts_what_was_not_shown_as_an_error() -> None:
    """A server for tests must not take it for passed or skipped."""
    suite = ET.fromstring(FORMS["junit"](REPORTS[Verdict.INVALID]).encode())[0]  # noqa: S314 - our own
    assert {name: suite.get(name) for name in ("tests", "failures", "errors")} == {
        "tests": "3",
        "failures": "1",
        "errors": "1",
    }
    assert [[child.tag for child in case] for case in suite] == [
        ["system-out"],
        ["failure", "system-out"],
        ["error", "system-out"],
    ]


def test_annotations_are_one_command_a_line_whatever_the_names_are() -> None:
    """A name that looks like a command, or holds the end of a line, makes no command of its own."""
    lines = FORMS["github"](REPORTS[Verdict.INVALID]).splitlines()
    assert len(lines) == 4
    assert lines[0].startswith("::error file=execution/a%250ab%25ff%2C%3A%3Aerror%3A%3Ax|`y`.py,line=7,title=")
    assert "100%25 other%0Athan it was" in lines[0]
    assert lines[-1].startswith("::error title=stormproof verify-rollout::Not all checks passed: 1/3")
    (passed,) = FORMS["github"](REPORTS[Verdict.VALID]).splitlines()
    assert passed == "::notice title=stormproof verify-rollout::All checks passed: 1/1"


def test_markdown_shows_names_and_lets_them_mark_nothing_up() -> None:
    """A pull request is read by people who did not write the names in it."""
    text = FORMS["markdown"](REPORTS[Verdict.INVALID])
    assert text.startswith("# INVALID: Not all checks passed: 1/3 (1 INVALID, 1 UNKNOWN)\n")
    assert "x\\|\\`y\\`.py" in text
    assert "| ? | Idempotency active | It is. |" in text


def test_the_table_ends_with_the_summary() -> None:
    """The lines of the checks stand together before it."""
    lines = FORMS["table"](REPORTS[Verdict.INVALID]).splitlines()
    assert lines[-5:] == [
        "✓ Execution unchanged",
        "✗ Risk gates unchanged",
        "? Idempotency active",
        "",
        "Not all checks passed: 1/3 (1 INVALID, 1 UNKNOWN)",
    ]


def test_json_holds_every_finding() -> None:
    """One object, with what each check looked at."""
    stored = json.loads(FORMS["json"](REPORTS[Verdict.INVALID]))
    assert (stored["verdict"], stored["passed"], stored["baseline"]) == ("INVALID", 1, "git:main")
    assert [len(check["findings"]) for check in stored["checks"]] == [0, 2, 1]
    assert stored["checks"][1]["findings"][0]["line"] == 7
