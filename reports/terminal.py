"""The end of a run on a terminal. Colour never says what words do not; a replay line is never wrapped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from reports.checker_score import score_lines, score_of, unnoticed_rows
from reports.claims_text import broken_claims, claim_rows, claims_of
from reports.comparison import comparison_of
from reports.comparison_text import print_comparison
from reports.coverage_text import coverage_in_words
from reports.judged_run import faults_in_words, group_findings, headline, plain
from reports.kill_matrix import BRIEF_HEADS, brief_kill_rows, kill_lines, kill_matrix_of
from reports.lattice import MATRIX_HEADS, lattice_of, matrix_rows
from reports.picture import load_pictures
from reports.picture_text import WIDTH, as_text
from reports.stored_run import SELFTEST
from reports.storm import demotion_lines, storm_lines, storm_of
from verify.history.words import Verdict
from verify.run_layout import COMPARISON

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from rich.console import Console

    from reports.judged_run import JudgedPart, JudgedRun

MOST_FINDINGS = 8
"""Findings shown of one part; the others are in ``verdict.json``."""

NO_WITNESS = "nothing shows that it bit"
_MOST_NAMES = 4
"""Names of places that were not hit shown of one part; the others are in ``summary.md``."""

STYLE = {Verdict.VALID: "bold green", Verdict.INVALID: "bold red", Verdict.UNKNOWN: "bold yellow"}


def print_judged(console: Console, judged: JudgedRun) -> None:
    """Print a judged run: its parts, what was found and how to replay it, what was not run, and the verdict last."""
    _print_instrument(console, [part for part in judged.parts if part.row is not None])
    matrix = kill_matrix_of(judged)
    if matrix is not None:
        _print_kill_matrix(console, matrix)
        _print_score(console, score_of(judged))
    elif judged.run.kind == SELFTEST:
        console.print(instrument_table(judged.parts))
        _print_bound_of_twins(console, judged.parts)
    subjects = [part for part in judged.parts if part.row is None]
    if subjects:
        console.print(parts_table(subjects))
    if judged.run.kind == COMPARISON:
        print_comparison(console, comparison_of(judged))
    else:
        _print_parts(console, judged, subjects)
    for name, why in judged.run.not_run:
        _line(console, f"Not run: {name}: {why}", "yellow")
    if judged.verdict is not Verdict.VALID:
        for reason in judged.object["reasons"][1 if judged.verdict is Verdict.UNKNOWN else 0 :]:
            _line(console, f"Also unknown: {reason}", "yellow")
    console.print()
    _line(console, headline(judged), STYLE[judged.verdict])


def _print_parts(console: Console, judged: JudgedRun, subjects: Sequence[JudgedPart]) -> None:
    """Print what was hit, found and measured, part by part."""
    if subjects:
        _print_coverage(console, subjects)
    for part in judged.parts:
        if part.is_as_expected:
            continue
        _print_lattice(console, part)
        _print_claims(console, part)
        _print_storm(console, part)
        _print_findings(console, part)
        _print_demotions(console, part)
        _print_beside(console, part)
    _print_smallest_picture(console, judged)


def parts_table(parts: Sequence[JudgedPart]) -> Table:
    """Return the table of what was run against subjects: one line each on a terminal of 80 columns."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("verdict", no_wrap=True)
    table.add_column("part", overflow="fold", ratio=3)
    table.add_column("schedules", justify="right", no_wrap=True)
    table.add_column("within", overflow="fold", ratio=2)
    for part in parts:
        verdict = part.object
        schedules = part.amount if part.is_storm else f"{verdict['schedules']:,}"
        schedules += "" if verdict["exhausted"] or part.is_storm else " so far"
        table.add_row(
            Text(plain(part.said), STYLE[part.verdict]),
            Text(plain(part.stored.name)),
            Text(schedules),
            Text(plain(part.bound)),
        )
    return table


def instrument_table(parts: Sequence[JudgedPart]) -> Table:
    """Return the table of the instrument: planted guard x checker, each beside its twin."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for head in ("planted guard", "must be caught by", "was caught by", "twin"):
        table.add_column(head, overflow="fold")
    twins = {part.object["subject"].partition(".")[2]: part for part in parts if part.stored.checker is None}
    for part in parts:
        if part.stored.checker is None:
            continue
        name = part.object["subject"].partition(".")[2]
        caught = sorted({group.checker for group in group_findings(part.object["findings"]) if group.decides})
        twin = twins.get(name)
        table.add_row(
            Text(plain(name)),
            Text(part.stored.checker),
            Text(", ".join(caught) or "nothing", STYLE[part.verdict]),
            Text("not run") if twin is None else Text(twin.object["verdict"], STYLE[twin.verdict]),
        )
    return table


def _print_kill_matrix(console: Console, matrix: Mapping[str, Any]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for head in BRIEF_HEADS:
        table.add_column(head, overflow="fold")
    for row in brief_kill_rows(matrix):
        table.add_row(*(Text(plain(cell)) for cell in row))
    console.print(table)
    console.print()
    for line in kill_lines(matrix):
        _line(console, line, "")


def _print_score(console: Console, score: Mapping[str, Any] | None) -> None:
    if score is None:
        return
    for line in score_lines(score):
        _line(console, line, "")
    for what, number, example in unnoticed_rows(score):
        _line(console, f"not noticed, {number}: {what}, for example {example}", "dim")


def _print_bound_of_twins(console: Console, parts: Sequence[JudgedPart]) -> None:
    """Print within which bound the twins were explored: of what lies beyond, a self-test shows nothing."""
    guards = {part.object["subject"].partition(".")[2]: part for part in parts if part.stored.checker is not None}
    twins = [part for part in parts if part.stored.checker is None]
    if not twins:
        return
    said = "Each twin was explored within the bound in which its planted guard is caught"
    if all(_caught_within(guards, twin) for twin in twins):
        said += ", and not beyond it; `--kinds all` lets every twin meet every kind of fault."
    else:
        kinds = dict.fromkeys(kind for twin in twins for kind in twin.object["bound"]["kinds"])
        said += f", and beyond it with up to 1 fault of: {', '.join(kinds)}."
    console.print()
    _line(console, said, "")


def _caught_within(guards: Mapping[str, JudgedPart], twin: JudgedPart) -> bool:
    guard = guards.get(twin.object["subject"].partition(".")[2])
    return guard is not None and guard.object["bound"] == twin.object["bound"]


def _print_instrument(console: Console, parts: Sequence[JudgedPart]) -> None:
    """Print one line for an instrument that sees, and one more for each guard that it did not see for what it is."""
    if not parts:
        return
    seen = [part for part in parts if part.verdict is Verdict.VALID]
    style = STYLE[Verdict.VALID if len(seen) == len(parts) else Verdict.UNKNOWN]
    said = f"Instrument: {len(seen)} of {len(parts)} planted guards and twins were seen for what they are."
    _line(console, said, style)
    for part in parts:
        if part not in seen:
            _line(console, f"{part.stored.name}: {part.said}", style, indent=2)


def _print_coverage(console: Console, parts: Sequence[JudgedPart]) -> None:
    for part in parts:
        phrases = coverage_in_words(part.object["coverage"], most=_MOST_NAMES) if part.shows_coverage else []
        if phrases:
            name = f"{part.stored.name}: " if len(parts) > 1 else ""
            _line(console, f"{name}{'; '.join(phrases)}", "dim")


def _print_findings(console: Console, part: JudgedPart) -> None:
    groups = [group for group in part.groups if group.decides]
    if not groups:
        return
    console.print()
    _line(console, f"{part.stored.name}:", "bold")
    shown = [finding for group in groups for finding in group.members][:MOST_FINDINGS]
    for finding in shown:
        _print_finding(console, finding)
    total = sum(group.findings for group in groups)
    if total > len(shown):
        _line(console, f"and {total - len(shown)} more with their replay lines in verdict.json", "", indent=2)


def _print_lattice(console: Console, part: JudgedPart) -> None:
    """Print the confusion matrix of a durability part; its cells are in the summary."""
    section = lattice_of(part)
    if section is None:
        return
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for head in MATRIX_HEADS:
        table.add_column(head, overflow="fold")
    for row in matrix_rows(section):
        table.add_row(*row)
    console.print()
    _line(console, f"{part.stored.name}, cells by what the validator had said and what became of them:", "bold")
    console.print(table)


def _print_claims(console: Console, part: JudgedPart) -> None:
    """Print the generated claims of a part, and the smallest example of each that was broken."""
    section = claims_of(part)
    if section is None:
        return
    console.print()
    _line(console, f"{part.stored.name}, what was claimed:", "bold")
    for verdict, name, examples, _ in claim_rows(section):
        _line(console, f"{verdict}  {name}, {examples} examples", STYLE[Verdict(verdict)], indent=2)
    for name, sentence, example in broken_claims(section):
        console.print()
        _line(console, f"{name}: {sentence}", "bold", indent=2)
        for line in example:
            console.print(f"    {plain(line)}", markup=False, highlight=False, soft_wrap=True)


def _print_storm(console: Console, part: JudgedPart) -> None:
    """Print what was measured in a storm, and what was seen of its faults."""
    figures = storm_of(part)
    if figures is None:
        return
    for line in storm_lines(figures):
        _line(console, line, "dim")
    for fault in figures["faults"]:
        _line(console, f"{fault['from_s']:.1f} s: {fault['asked']}: {fault['witness'] or NO_WITNESS}", "dim")


def _print_demotions(console: Console, part: JudgedPart) -> None:
    """Print what the enumerated schedules show of the promises that a part broke."""
    for sentence, replay in demotion_lines(part):
        _line(console, sentence, "bold", indent=2)
        if replay:
            _line(console, replay, "cyan", indent=4, is_pasted=True)


def _print_beside(console: Console, part: JudgedPart) -> None:
    """Print what decides nothing, one entry for each checker: nobody should take it for something that never was."""
    groups = [group for group in part.groups if not group.decides]
    if not groups:
        return
    console.print()
    _line(console, f"{part.stored.name}, seen beside the promise, which decides nothing:", "bold")
    for group in groups:
        also = f"; also under {', '.join(group.also_under)}" if group.also_under else ""
        workload = group.smallest["schedule"].partition(":")[0]
        head = f"{group.checker}, {group.standing}, under {faults_in_words(group.smallest)} ({workload}){also}"
        _print_sentence(console, group.smallest, head, "")


def _print_finding(console: Console, finding: Mapping[str, Any]) -> None:
    phase = f" ({finding['phase']})" if finding["phase"] else ""
    head = f"{finding['checker']} ({finding['verdict']}), under {faults_in_words(finding)}{phase}"
    _print_sentence(console, finding, head, STYLE[Verdict(finding["verdict"])])


def _print_sentence(console: Console, finding: Mapping[str, Any], head: str, style: str) -> None:
    _line(console, head, style, indent=2)
    _line(console, finding["sentence"], "", indent=4)
    if finding["replay"]:
        _line(console, finding["replay"], "cyan", indent=4, is_pasted=True)


def _print_smallest_picture(console: Console, judged: JudgedRun) -> None:
    """Draw the first broken promise of the run where the terminal is wide enough for it."""
    if console.width < WIDTH:
        return
    for part in judged.parts:
        broken = [each.smallest for each in part.groups if each.decides and each.verdict is Verdict.INVALID]
        for picture in load_pictures(part.stored.folder, broken[:1]):
            if picture is not None:
                console.print()
                for line in as_text(picture).splitlines():
                    _line(console, line, "red" if "!!" in line else "", is_pasted=True)
                return


def _line(console: Console, text: str, style: str, *, indent: int = 0, is_pasted: bool = False) -> None:
    said = Text(plain(text), style)
    if is_pasted:
        console.print(Text(" " * indent) + said, soft_wrap=True, highlight=False)
    else:
        console.print(Padding(said, (0, 0, 0, indent), expand=False))
