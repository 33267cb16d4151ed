"""``allure-results``: one result for each part, for auditors. Passed means VALID and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reports.allure_files import BROKEN, FAILED, PASSED, SKIPPED, AllureFolder, Attached, Result
from reports.claims_text import as_text, claims_of
from reports.judged_run import faults_in_words, group_findings, load_judged, part_headline, plain
from reports.junit import WHOLE
from reports.lattice import lattice_of
from reports.lattice_svg import lattice_svg
from reports.picture import load_pictures
from reports.picture_svg import as_svg
from reports.stored_run import StoredRunError
from reports.times import Span, span_of
from verify.history.judgement import dumps_canonical
from verify.history.words import Verdict
from verify.run_layout import ALLURE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reports.judged_run import JudgedPart, JudgedRun

_STATUS = {Verdict.VALID: PASSED, Verdict.INVALID: FAILED, Verdict.UNKNOWN: BROKEN}

CATEGORIES = (
    {"name": "Product defects: promise broken", "matchedStatuses": [FAILED]},
    {"name": "Not shown", "matchedStatuses": [BROKEN]},
    {"name": "Not run", "matchedStatuses": [SKIPPED]},
)
"""What ``categories.json`` says: a broken promise is a defect of the subject; UNKNOWN is nobody's defect."""


def write_allure(folder: Path | str, into: Path | None = None) -> Path:
    """Write the Allure results of the judged run in *folder* and return where they are.

    Args:
        folder: The run folder.
        into: Where the results go, beside what is there; None means ``allure-results`` in the run folder, whose
            former content is removed.

    Raises:
        StoredRunError: The folder is no run folder, was not judged yet, or cannot be written.
    """
    judged = load_judged(folder)
    target = judged.run.folder / ALLURE if into is None else into
    try:
        written = AllureFolder(target, clean=into is None)
        for result in _results(judged):
            written.add(result)
        written.write("categories.json", json.dumps(CATEGORIES, indent=2) + "\n")
        written.write("environment.properties", _environment(judged))
    except OSError as error:
        raise StoredRunError(f"cannot write the Allure results to {target}: {error.strerror}") from error
    return target


def _results(judged: JudgedRun) -> Iterator[Result]:
    span = span_of(judged.environment)
    for part in judged.parts:
        yield _result(part, span)
    for name, why in judged.run.not_run:
        yield Result(
            identity=f"not run/{plain(name)}",
            name=plain(name),
            status=SKIPPED,
            message=plain(why),
            labels={"epic": "not run"},
        )
    if judged.unexplained:
        yield Result(
            identity=f"{judged.run.kind}/{WHOLE}",
            name=WHOLE,
            status=_STATUS[judged.verdict],
            message=f"Not shown: {plain(judged.unexplained)}.",
            labels={"epic": judged.run.kind},
        )


def _result(part: JudgedPart, span: Span | None) -> Result:
    verdict = part.object
    tier = str(verdict["tier"])
    name = plain(part.stored.name)
    epic = "instrument" if part.row is not None else str(verdict["promise"])
    return Result(
        identity=f"{epic}/{tier}/{name}",
        name=name,
        status=_STATUS[part.verdict],
        message=plain(part_headline(part)),
        trace="\n".join(plain(group.smallest["replay"]) for group in part.groups if group.decides),
        description=_description(part),
        labels={
            "epic": epic,
            "feature": name if tier == "scenarios" else tier,
            "parentSuite": epic,
            "suite": tier,
            "framework": "stormproof",
            "language": "python",
        },
        parameters={
            "subject": plain(verdict["subject"]),
            "server": plain(part.server),
            "seed": str(verdict["seed"]),
            "bound": part.bound,
        },
        attachments=(
            Attached(name="verdict.json", media="application/json", ending="json", body=dumps_canonical(verdict)),
            *_pictures(part),
        ),
        started_ms=None if span is None else round(span.started.timestamp() * 1000),
        ended_ms=None if span is None else round(span.ended.timestamp() * 1000),
    )


def _description(part: JudgedPart) -> str:
    lines = [plain(part_headline(part))]
    for group in part.groups:
        if group.decides:
            smallest = group.smallest
            lines += [
                "",
                f"**{group.checker}**, under {plain(faults_in_words(smallest))}: {plain(smallest['sentence'])}",
            ]
            lines += ["", "```", plain(smallest["replay"]), "```"] if smallest["replay"] else []
    lines += [f"\n- {plain(reason)}" for reason in part.object["reasons"]]
    return "\n".join(lines)


def _pictures(part: JudgedPart) -> Iterator[Attached]:
    """Draw the lattice of a durability part, and every finding that decides and needs its faults.

    Of a planted guard the smallest of each checker is drawn.
    """
    section = lattice_of(part)
    if section is not None:
        body = lattice_svg(section).encode()
        yield Attached(name="the lattice", media="image/svg+xml", ending="svg", body=body)
    claims = claims_of(part)
    if claims is not None:
        yield Attached(name="what was claimed", media="text/plain", ending="txt", body=as_text(claims).encode())
    if part.row is None:
        listed = part.object["findings"]
        decisive = [each for each in listed if each["promised"] and not each["outside"] and each["needs_faults"]]
    else:
        decisive = [group.smallest for group in group_findings(part.object["findings"]) if group.decides]
    for finding, picture in zip(decisive, load_pictures(part.stored.folder, decisive), strict=True):
        if picture is not None:
            name = f"{finding['checker']}, under {plain(faults_in_words(finding))}"
            yield Attached(name=name, media="image/svg+xml", ending="svg", body=as_svg(picture).encode())


def _environment(judged: JudgedRun) -> str:
    told = {
        name: value if isinstance(value, str) else json.dumps(value) for name, value in judged.environment.items()
    }
    for part in judged.parts[:1]:
        server = part.object["server"]
        told |= {"server": part.server, "server_sha256": server["sha256"], "server_choice": server["choice"]}
        told["seed"] = str(part.object["seed"])
    told |= {"run": judged.run.named, "verdict": judged.verdict.value}
    lines = [
        f"{plain(name).replace(' ', '_').replace('=', '_')}={plain(value)}\n" for name, value in sorted(told.items())
    ]
    return "".join(lines)
