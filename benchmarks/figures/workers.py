"""P22: twenty worker processes at once, a storm with a verdict of its own."""

from __future__ import annotations

import json
import tempfile
from typing import TYPE_CHECKING

from benchmarks.figures.measured import Case, case_of
from benchmarks.workload import NEVER, WrongAnswerError
from harness.recorder import RunFolder, write_record
from harness.redis_server.choice import parse_choice
from harness.storm.asked import Asked
from harness.storm.gang import check_locust
from harness.storm.storm import run_storm
from harness.subjects.loading import load_subject
from reports.stored_run import judge_run
from verify.history.words import Verdict
from verify.run_layout import STORM, STORM_FIGURES

if TYPE_CHECKING:
    from benchmarks.rows import Effort

WORKERS = 20
_SECONDS = 10


def twenty(effort: Effort) -> list[Case]:
    """Let a storm of the reference rage in as many worker processes as were stated; it must be VALID."""
    check_locust()
    workers = effort.scaled(WORKERS)
    asked = Asked(
        subject=load_subject("reference"),
        choice=parse_choice("embedded", allow_target=[]),
        seed=1,
        users=2 * workers,
        seconds=max(2, effort.scaled(_SECONDS)),
        processes=workers,
    )
    with tempfile.TemporaryDirectory() as folder:
        run = RunFolder.create(STORM, asked.seed, f"{folder}/run")
        part = run.part(STORM)
        write_record(part, run_storm(asked, part, lambda _text: None))
        verdict = judge_run(run.path)["verdict"]
        figures = json.loads((part / STORM_FIGURES).read_text("utf-8"))
    if verdict != Verdict.VALID:
        raise WrongAnswerError(f"a storm of {workers} worker processes was judged {verdict}")
    calls = figures["operations"]
    latency = Case(
        case=f"latency of a call, {workers} worker processes, {asked.users} users",
        unit="ms",
        p50=figures["p50_ms"],
        p99=figures["p99_ms"],
        samples=calls,
        setting=NEVER,
    )
    return [
        case_of("worker processes in a VALID storm", "", [workers], limit=workers, at_least=True, setting=NEVER),
        case_of(f"calls of {workers} worker processes", "a second", [calls / figures["seconds"]], setting=NEVER),
        latency,
    ]
