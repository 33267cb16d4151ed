"""``allure-results``: one result for each guarantee and part, for auditors. Passed means VALID and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reports.allure_files import BROKEN, FAILED, SKIPPED, AllureFolder, Result
from reports.allure_results import STATUS, instrument_result, results_of
from reports.judged_run import headline, load_judged, plain
from reports.junit import WHOLE
from reports.stored_run import StoredRunError
from reports.times import span_of
from verify.run_layout import ALLURE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reports.judged_run import JudgedRun

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
        written.write("executor.json", json.dumps(_executor(judged), indent=2, sort_keys=True) + "\n")
    except OSError as error:
        raise StoredRunError(f"cannot write the Allure results to {target}: {error.strerror}") from error
    return target


def _results(judged: JudgedRun) -> Iterator[Result]:
    span = span_of(judged.environment)
    for at, part in enumerate(judged.parts):
        if part.row is not None:
            yield instrument_result(part, span)
        else:
            yield from results_of(part, at, span)
    decided = dict(judged.run.unshown)
    for name, why in judged.run.not_run:
        yield Result(
            identity=f"not run/{plain(name)}",
            name=plain(name),
            # What was wanted and not run is not shown; what nobody wanted is skipped.
            status=BROKEN if name in decided else SKIPPED,
            message=plain(why),
            labels={"epic": "not run", "severity": "normal"},
        )
    if judged.unexplained:
        yield Result(
            identity=f"{judged.run.kind}/{WHOLE}",
            name=WHOLE,
            status=STATUS[judged.verdict],
            message=f"Not shown: {plain(judged.unexplained)}.",
            labels={"epic": judged.run.kind, "severity": "blocker"},
        )


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


def _executor(judged: JudgedRun) -> dict[str, object]:
    """Return what Allure shows as the maker of the results; it puts runs in order by ``buildOrder``."""
    span = span_of(judged.environment)
    return {
        "name": "stormproof",
        "type": "stormproof",
        "buildName": plain(judged.run.named),
        "buildOrder": 0 if span is None else round(span.started.timestamp()),
        "reportName": f"{judged.verdict.value}: {plain(headline(judged))}",
    }
