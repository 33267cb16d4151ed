"""The names of what a run leaves behind, shared by those who write and those who read. Names only, no I/O.

A run folder holds one exploration or story, or a campaign with one sub-folder for each of its parts.
"""

from __future__ import annotations

HISTORY = "history.jsonl"
"""Every distinct history, one event a line, with the number of its history in the field ``history``."""

SCHEDULES = "schedules"
"""Folder of the schedules."""

EXPLORED = "schedules/explored.tsv"
"""One line a schedule: number of its history, preemptions, ``workload: decisions``, separated by tabs."""

JOURNAL = "schedules/journal.bin"
"""What an exploration needs to go on where it stopped; gone when it has come to its end."""

PLAN = "plan.json"
"""What an exploration was asked for, as options and as values."""

RECORD = "exploration.json"
"""What the exploration or story says of itself (:class:`verify.history.record.ExplorationRecord`)."""

SCENARIOS = "scenarios"
"""The tier whose parts are stories."""

STORM = "storm"
"""The tier whose part is one storm, and the kind of its run. Its histories are pieces of one, each of some keys."""

DEMOTIONS = "demotions.json"
"""What became of the search for an enumerated schedule, for each promise that the part broke."""

STORM_FIGURES = "storm.json"
"""What a storm measured, second by second, and its faults. Information: no verdict rests on it."""

STORM_PICTURE = "storm.svg"
"""The same as a picture."""

COMPARISON = "comparison"
"""The kind of a run whose parts are guards to be held side by side."""

COMPARED = "compared.json"
"""Of each guard of a comparison, what its authors say and which version it is."""

COMPARISON_PAGE = "comparison.md"
COMPARISON_DATA = "comparison.json"
"""What happened to each guard under each class of faults: for people, and for programs."""

DURABILITY = "durability"
"""The tier whose parts hold cells, and the section of their verdict."""

PROPERTIES = "properties"
"""The tier whose parts hold generated claims, and the section of their verdict."""

CLAIMS = "properties.json"
"""What was drawn for each claim, and what came of it (:class:`verify.properties.claims.Drawn`)."""

CELLS = "durability.json"
"""What was measured in each cell of the durability lattice (:class:`verify.durability.cell.Measured`)."""

LATTICE = "durability.svg"
"""The picture of the lattice, one column for each crash."""

RUN = "run.json"
"""What the run is: ``kind`` (explore, campaign, selftest, storm, comparison), ``folder`` as the user named it,
``parts`` with their sub-folders and expectations, and whether it was interrupted."""

PARTS = "parts"
"""Folder of a campaign's parts, one sub-folder each."""

VERDICT = "verdict.json"
SUMMARY = "summary.md"
BRIEF = "brief.txt"
GUARANTEES = "guarantees.md"
REPORT = "report.html"
ALLURE_REPORT = "allure.html"
ALLURE_HISTORY = "allure-history.jsonl"
"""What Allure remembers of the runs in one folder of runs; it lies beside the run folders."""

SCORE = "checkers.json"
"""What the checkers of a full self-test noticed of changed good histories. Information: no verdict rests on it."""

ENVIRONMENT = "environment.json"
JUNIT = "junit.xml"
ALLURE = "allure-results"


def schedule_file(mark: str) -> str:
    """Return the place of the replayable schedule *mark* within a part's folder."""
    return f"{SCHEDULES}/{mark}.json"
