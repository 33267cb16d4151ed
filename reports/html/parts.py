"""What was run, on the page: parts, instrument, where faults struck, histories, and the durability lattice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reports.checker_score import UNNOTICED_HEADS, score_lines, score_of, unnoticed_rows
from reports.coverage_text import coverage_in_words
from reports.excerpt import HEADS, faults_of_part, first_history
from reports.html.findings import events_table
from reports.html.markup import Markup, listed, mark, section, table, tag
from reports.judged_run import group_findings
from reports.kill_matrix import KILL_HEADS, kill_lines, kill_matrix_of, kill_rows
from reports.lattice import CONFIGURATION_HEADS, MATRIX_HEADS, configuration_rows, lattice_of, matrix_rows
from reports.lattice_svg import lattice_element
from verify.run_layout import DURABILITY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reports.judged_run import JudgedPart, JudgedRun

_HEADS = ("part", "verdict", "tier", "subject and promise", "bound", "schedules", "distinct histories")


def parts_section(judged: JudgedRun) -> Markup:
    """Return what was run against subjects, and within which bound."""
    subjects = _subjects(judged)
    if not subjects:
        return Markup()
    notes = [
        tag("div", tag("h3", part.stored.name), listed(part.object["notes"]))
        for part in subjects
        if part.is_story and part.object["notes"]
    ]
    return section("parts", "What was run", table("Parts of the run", _HEADS, map(_row, subjects)), *notes)


def _subjects(judged: JudgedRun) -> list[JudgedPart]:
    return [part for part in judged.parts if part.row is None]


def _row(part: JudgedPart) -> tuple[str, ...]:
    verdict = part.object
    return (
        part.stored.name,
        mark(part.verdict.value),
        verdict["tier"],
        f"{verdict['subject']}, held to {verdict['promise']}",
        f"{part.bound}; workloads: {', '.join(verdict['bound']['workloads']) or 'none'}",
        part.amount if part.is_storm else f"{verdict['schedules']:,}, {_how_many(verdict)} of the bound",
        "" if part.is_storm else f"{verdict['classes']:,}",
    )


def _how_many(verdict: Mapping[str, Any]) -> str:
    return "all" if verdict["exhausted"] else "not all"


def instrument_section(judged: JudgedRun) -> Markup:
    """Return the kill matrix: each planted guard, the checker that must catch it, those that did, and its twin."""
    checks = [part for part in judged.parts if part.row is not None]
    if not checks:
        return Markup()
    matrix = kill_matrix_of(judged)
    if matrix is not None:
        killed = table("The kill matrix: planted guard, checker, tier", KILL_HEADS, kill_rows(matrix))
        return section("instrument", "The instrument", killed, listed(kill_lines(matrix)), *_score(judged))
    twins = {_planted(part): part for part in checks if part.stored.checker is None}
    rows = []
    for part in checks:
        if part.stored.checker is None:
            continue
        caught = sorted({each.checker for each in group_findings(part.object["findings"]) if each.decides})
        twin = twins.get(_planted(part))
        is_seen = part.row is not None and part.row["ok"]
        rows.append(
            (
                part.stored.name,
                part.stored.checker,
                ", ".join(caught) or "nothing",
                mark("OK as it must be" if is_seen else "UNKNOWN not caught by it"),
                mark(twin.object["verdict"]) if twin is not None else "not run",
            )
        )
    heads = ("planted guard", "must be caught by", "was caught by", "seen", "its twin")
    return section("instrument", "The instrument", table("Planted guards, and who caught them", heads, rows))


def _score(judged: JudgedRun) -> Iterator[Markup]:
    score = score_of(judged)
    if score is not None:
        yield listed(score_lines(score))
        yield table("Mutants that nobody noticed", UNNOTICED_HEADS, unnoticed_rows(score))


def _planted(part: JudgedPart) -> str:
    return str(part.object["subject"]).partition(".")[2]


def faults_section(judged: JudgedRun) -> Markup:
    """Return the fault log: of explorations where each kind struck and how often, of the rest every fault."""
    return section("faults", "Faults", *(each for part in _subjects(judged) for each in _faults(part)))


def _faults(part: JudgedPart) -> Iterator[Markup]:
    yield tag("h3", part.stored.name)
    if part.shows_coverage and part.object["tier"] != DURABILITY:
        rows = [
            (kind, f"{sum(places.values()):,}", ", ".join(f"{place} ({count:,})" for place, count in places.items()))
            for kind, places in part.object["hits"].items()
        ]
        phrases = coverage_in_words(part.object["coverage"])
        yield listed(phrases)
        if rows:
            yield table(
                f"Where faults struck: {part.stored.name}", ("fault", "struck", "at, each with how often"), rows
            )
        elif not phrases:
            yield tag("p", "No fault was within its bound.")
        return
    log = faults_of_part(part.stored.folder)
    if log.lines:
        yield events_table(f"Fault log: {part.stored.name}", log)
    else:
        yield tag("p", "No fault was injected.")


def histories_section(judged: JudgedRun) -> Markup:
    """Return the beginning of one history of each part of a subject."""
    excerpts = [
        tag(
            "details",
            tag("summary", f"{part.stored.name}: its first history"),
            events_table(f"First history: {part.stored.name}", first_history(part.stored.folder)),
        )
        for part in _subjects(judged)
    ]
    about = tag("p", f"Each line is one event ({', '.join(HEADS)}). The whole is in history.jsonl of each part.")
    return section("histories", "Histories", about, *excerpts)


def durability_section(judged: JudgedRun) -> Markup:
    """Return the matrix of the lattice, and each configuration under each crash; nothing where it was not run."""
    found: list[Markup] = []
    for part in judged.parts:
        lattice = lattice_of(part)
        if lattice is None:
            continue
        found += [
            tag("h3", part.stored.name),
            table("Cells by the validator's word and by their fate", MATRIX_HEADS, matrix_rows(lattice)),
            listed(f"forbidden: {sentence}" for sentence in lattice["forbidden"]),
            table(
                "Each configuration under each crash: how many of the acknowledged writes were there afterwards",
                CONFIGURATION_HEADS,
                (
                    [name, mark(word), *(mark(cell) if cell != "-" else cell for cell in cells)]
                    for name, word, *cells in configuration_rows(lattice)
                ),
            ),
            tag(
                "div",
                Markup(lattice_element(lattice)),
                class_="drawn",
                tabindex="0",
                role="region",
                aria_label="Lattice",
            ),
            listed(f"{case}: {reason}" for case, reason in lattice["cited"].items()),
        ]
    return section("durability", "What each configuration keeps", *found) if found else Markup()
