"""Reads Allure results as Allure does, and holds them against the verdicts of their run. It trusts no writer.

What it finds wrong: a guarantee without a result, a result that passes although its verdict is not VALID, and a way
to break a promise that has no replay line.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from reports.stored_run import read_object
from verify.durability import matrix
from verify.history.promises import PROMISED, Promise
from verify.history.words import Verdict
from verify.run_layout import DURABILITY, RUN, VERDICT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_GOOD = {"passed", "skipped"}


def problems_of(run: Path, results: Path) -> list[str]:
    """Return a sentence for each thing that is wrong with the Allure results of a run; none means that all is well.

    Args:
        run: The run folder.
        results: The folder of its Allure results.

    Raises:
        StoredRunError: The run folder cannot be read.
    """
    told = results_in(results)
    by_identity = {str(each.get("fullName")): each for each in told}
    problems = [] if told else [f"there is no result in {results}"]
    held = list(_verdicts(run))
    for name, verdict, is_instrument in held:
        if not is_instrument:
            problems += _wrong_part(name, verdict, by_identity)
    whole = read_object(run / VERDICT)
    if whole["verdict"] != Verdict.VALID and told and all(each.get("status") in _GOOD for each in told):
        problems.append(f"the run is {whole['verdict']}, and every result of it passes")
    for row in whole.get("instrument", []):
        status = next((each["status"] for each in told if each.get("name") == row["name"]), None)
        if (status == "passed") is not row["ok"]:
            problems.append(f"{row['name']} of the instrument is {'seen' if row['ok'] else 'not seen'}, and {status}")
    return problems


def replay_lines(results: Path) -> list[str]:
    """Return the replay lines that the results link to, each once."""
    links = (link for each in results_in(results) for link in each.get("links", []))
    return list(dict.fromkeys(link["name"] for link in links if str(link["name"]).startswith("stormproof replay ")))


def results_in(folder: Path) -> list[dict[str, Any]]:
    """Return the results of a folder."""
    return [json.loads(path.read_bytes()) for path in sorted(folder.glob("*-result.json"))]


def _verdicts(run: Path) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    for part in read_object(run / RUN)["parts"]:
        yield part["name"], read_object(run / part["folder"] / VERDICT), part["role"] == "instrument"


def _wrong_part(name: str, verdict: Mapping[str, Any], by_identity: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    tier = verdict["tier"]
    deciding = [each for each in verdict["findings"] if each["promised"] and not each["outside"]]
    invalid = {each["checker"] for each in deciding if each["verdict"] == Verdict.INVALID}
    wanted = {matrix.NAME} if tier == DURABILITY else PROMISED[Promise(verdict["promise"])]
    for checker in sorted(wanted | invalid):
        result = by_identity.get(f"{checker}/{tier}/{name}")
        if result is None:
            yield f"{name} shows something of {checker}, and has no result for it"
            continue
        expected = "failed" if checker in invalid else "broken" if verdict["reasons"] else "passed"
        if result.get("status") != expected:
            yield f"{name}: {checker} must be {expected}, and is {result.get('status')}"
        yield from _unlinked(name, checker, deciding, result)


def _unlinked(
    name: str, checker: str, deciding: Sequence[Mapping[str, Any]], result: Mapping[str, Any]
) -> Iterator[str]:
    links = {link["name"] for link in result.get("links", [])}
    ways: dict[str, list[str]] = {}
    for finding in deciding:
        if finding["checker"] == checker and finding["verdict"] == Verdict.INVALID and finding["needs_faults"]:
            ways.setdefault(" + ".join(finding["faults"]), []).append(finding["replay"])
    for faults, lines in ways.items():
        if any(lines) and not links.intersection(lines):
            yield f"{name}: {checker} under {faults or 'no fault'} has no replay line"
