"""What a check says: a verdict, the reasons why it is not VALID, and what was looked at. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from verify.history.words import Verdict, merge

if TYPE_CHECKING:
    from collections.abc import Iterable

FAST = "--fast: not for a release"
"""What is said wherever files were taken to be as they were, and not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One reason why a check is not VALID.

    Attributes:
        rule: What was broken, in one word of its kind: `changed`, `new`, `shadowed`, `default` ...
        sentence: What is wrong, in one sentence.
        path: File of the tree that it is about; empty where there is none.
        line: Line of that file, from 1; 0 where it is about the whole file.
        verdict: INVALID, or UNKNOWN for a question that could not be asked.
    """

    rule: str
    sentence: str
    path: str = ""
    line: int = 0
    verdict: Verdict = Verdict.INVALID

    def to_object(self) -> dict[str, Any]:
        """Return the finding as JSON knows it."""
        return {
            "rule": self.rule,
            "verdict": self.verdict.value,
            "sentence": self.sentence,
            "path": self.path,
            "line": self.line,
        }


def unknown(sentence: str, path: str = "", rule: str = "not-checked") -> Finding:
    """Return the finding of a question that could not be asked."""
    return Finding(rule=rule, sentence=sentence, path=path, verdict=Verdict.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one check says of one tree.

    Attributes:
        id: Name of the check, as `execution_unchanged`.
        title: Its name in the printed table, as `Execution unchanged`.
        claim: What is true if it is VALID, in one sentence.
        findings: Why it is not VALID; empty where it is.
        evidence: What was looked at, one sentence each.
    """

    id: str
    title: str
    claim: str
    findings: tuple[Finding, ...]
    evidence: tuple[str, ...]

    @property
    def verdict(self) -> Verdict:
        """VALID only where something was looked at and nothing was found."""
        if not self.findings:
            return Verdict.VALID if self.evidence else Verdict.UNKNOWN
        return merge(finding.verdict for finding in self.findings)

    def to_object(self) -> dict[str, Any]:
        """Return the result as JSON knows it."""
        return {
            "id": self.id,
            "title": self.title,
            "claim": self.claim,
            "verdict": self.verdict.value,
            "findings": [finding.to_object() for finding in self.findings],
            "evidence": list(self.evidence),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What all checks say of one tree.

    Attributes:
        baseline: What it was compared with, as the user named it.
        results: One for each check, in the order of the table.
        is_fast: Whether files were taken to be as they were, by what the system says of them.
    """

    baseline: str
    results: tuple[Result, ...]
    is_fast: bool = False

    @property
    def verdict(self) -> Verdict:
        """One INVALID decides, else one UNKNOWN."""
        return merge(result.verdict for result in self.results)

    @property
    def passed(self) -> int:
        """How many checks are VALID."""
        return sum(result.verdict is Verdict.VALID for result in self.results)

    @property
    def summary(self) -> str:
        """The last line: how many checks passed, of how many."""
        of = f"{self.passed}/{len(self.results)}"
        if self.passed == len(self.results):
            return f"All checks passed: {of}" + (f" ({FAST})" if self.is_fast else "")
        count = dict.fromkeys(Verdict, 0)
        for result in self.results:
            count[result.verdict] += 1
        said = [f"{number} {verdict}" for verdict, number in count.items() if number and verdict != Verdict.VALID]
        return f"Not all checks passed: {of} ({', '.join([*said, *([FAST] if self.is_fast else [])])})"

    def to_object(self) -> dict[str, Any]:
        """Return the report as JSON knows it."""
        return {
            "verdict": self.verdict.value,
            "summary": self.summary,
            "passed": self.passed,
            "baseline": self.baseline,
            "fast": self.is_fast,
            "checks": [result.to_object() for result in self.results],
        }


def first(findings: Iterable[Finding], most: int) -> tuple[Finding, ...]:
    """Return at most *most* findings of each rule, and one that counts the rest: a report stays readable."""
    shown: dict[str, int] = {}
    kept: list[Finding] = []
    left: dict[str, Finding] = {}
    for finding in findings:
        shown[finding.rule] = shown.get(finding.rule, 0) + 1
        if shown[finding.rule] <= most:
            kept.append(finding)
        else:
            left[finding.rule] = finding
    for rule, last in left.items():
        more = f"{shown[rule] - most:,} more of this kind ({rule})"
        kept.append(Finding(rule=rule, sentence=more, verdict=last.verdict))
    return tuple(kept)
