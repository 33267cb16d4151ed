"""What a bundle states: an in-toto Statement whose subjects are the files of the run, with a test result.

The result has two words where a verdict has three: what is UNKNOWN has not passed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from verify.history.words import Verdict
from verify.statement import STATEMENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reports.evidence.locator import Located
    from reports.judged_run import JudgedPart, JudgedRun

PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"
CONFIGURATION = ("run/run.json", "run/environment.json", "run/plan.json", "baseline.json")
"""The files that say what was run, and on what."""


def statement_of(judged: JudgedRun, files: Sequence[Located]) -> dict[str, Any]:
    """Return the Statement of a judged run.

    Args:
        judged: The run.
        files: Its files, by their names in the bundle.
    """
    passed = [part.stored.name for part in judged.parts if part.verdict is Verdict.VALID]
    failed = [part.stored.name for part in judged.parts if part.verdict is not Verdict.VALID]
    failed += [name for name, _ in judged.run.unshown]
    predicate = {
        "configuration": [*_configuration(files), *_made_with(judged)],
        "failedTests": failed,
        "files": [{"name": each.name, "size": each.size} for each in files],
        "passedTests": passed,
        "reasons": list(judged.object["reasons"]),
        "result": "PASSED" if judged.verdict is Verdict.VALID else "FAILED",
        "seeds": sorted({int(part.object["seed"]) for part in judged.parts}),
        "verdict": judged.verdict.value,
    }
    subject = [{"name": each.name, "digest": {"sha256": each.sha256}} for each in files]
    return {"_type": STATEMENT, "subject": subject, "predicateType": PREDICATE, "predicate": predicate}


def _configuration(files: Sequence[Located]) -> Iterator[Mapping[str, Any]]:
    for each in files:
        if each.name in CONFIGURATION:
            yield {"name": each.name, "digest": {"sha256": each.sha256}}


def _made_with(judged: JudgedRun) -> Iterator[Mapping[str, Any]]:
    """Yield servers, packages and code, each with its digest where one is known."""
    servers = dict.fromkeys(_server(part) for part in judged.parts)
    for name, digest in servers:
        yield {"name": name, "digest": {"sha256": digest}} if digest else {"name": name}
    environment = judged.environment
    packages, code, git = (environment.get(name) or {} for name in ("packages", "code", "git"))
    yield from ({"name": f"pkg:pypi/{name}@{version}"} for name, version in sorted(packages.items()))
    yield from ({"name": name, "digest": {"sha256": digest}} for name, digest in sorted(code.items()))
    if git:
        clean = "with changes" if git.get("dirty") else "as committed"
        yield {"name": f"checkout, {clean}", "digest": {"gitCommit": str(git.get("commit", ""))}}


def _server(part: JudgedPart) -> tuple[str, str]:
    return f"server: {part.server}", str(part.object["server"]["sha256"])
