"""One check of the instrument that is no exploration: trials of a guard, a story, or a storm. Run, judged, told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.conformance.drawing import leaving_no_files
from harness.conformance.keeping import keeping
from harness.conformance.profile import CI, Trials
from harness.explorer.hosting import choose_hosting, find_subject
from harness.explorer.target import open_target
from harness.faults.registry import ALL
from harness.recorder import write_claims, write_record
from harness.storm.asked import Asked
from harness.storm.inject import parse_inject
from harness.storm.storm import run_storm
from harness.subjects.loading import load_subject
from reports.stored_run import judge_part
from scenarios.registry import STORIES
from scenarios.storybook import tell
from stormproof.part_run import Told
from stormproof.saying import count
from verify.properties.claims import Drawn
from verify.run_layout import PROPERTIES, SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.redis_server.choice import RedisChoice
    from stormproof.part_pool import Errand
    from verify.history.record import ExplorationRecord

USERS, WORKER_PROCESSES = 20, 2
"""Of a storm."""


def run_check(errand: Errand, choice: RedisChoice, say: Callable[[str], None]) -> Told:
    """Run one check, judge it and return how it ended.

    Args:
        errand: What is run, of a tier other than the explorer's.
        choice: On which server.
        say: Where progress is shown.

    Raises:
        CouldNotRunError: Nothing can be shown of it here.
        KeyboardInterrupt: The user asked to stop.
    """
    folder, asked = Path(errand.folder), errand.asked
    if errand.tier == PROPERTIES:
        record = _draw(folder, asked, choice)
    elif errand.tier == SCENARIOS:
        subject = load_subject(asked["subject"])
        record = tell(STORIES[asked["story"]], folder, subject, choice, asked["seed"])
    else:
        record = _rage(folder, asked, choice, say)
    record = replace(record, name=errand.name)
    write_record(folder, record)
    verdict = judge_part(errand.run, errand.name)
    return Told(
        f"{errand.name}: {verdict['verdict']}, {count(record.schedules, 'history', 'histories')}",
        schedules=record.schedules,
    )


def _draw(folder: Path, asked: Mapping[str, Any], choice: RedisChoice) -> ExplorationRecord:
    name, hosting = asked["subject"], choose_hosting(asked["subject"])
    trials = Trials(
        name=asked["name"],
        subject=find_subject(name, hosting),
        kinds=tuple(ALL.values()),
        seed=asked["seed"],
        profile=CI,
        hosting=hosting,
        only=asked["only"],
    )
    with leaving_no_files(), open_target(choice) as target, keeping(trials, target, folder) as guard:
        guard.draw()
        record, claimed = guard.record(), guard.claimed()
    again = f"stormproof properties --subject {name} --profile {CI.name} --chaos-seed {trials.seed}"
    write_claims(folder, Drawn(profile=CI.name, rounds=1, again=again, claims=(claimed,)))
    return record


def _rage(
    folder: Path, asked: Mapping[str, Any], choice: RedisChoice, say: Callable[[str], None]
) -> ExplorationRecord:
    storm = Asked(
        subject=load_subject(asked["subject"]),
        choice=choice,
        seed=asked["seed"],
        users=USERS,
        seconds=asked["seconds"],
        processes=WORKER_PROCESSES,
        faults=parse_inject(asked["inject"], seconds=asked["seconds"]),
    )
    return run_storm(storm, folder, say)
