"""The end of a run on a terminal. Colour never says what words do not; a replay line is never wrapped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from reports.judged_run import faults_in_words, headline, plain
from reports.picture import load_pictures
from reports.picture_text import WIDTH, as_text
from verify.history.words import Verdict

if TYPE_CHECKING:
    from rich.console import Console

    from reports.judged_run import FindingGroup, JudgedPart, JudgedRun

MOST_FINDINGS = 5
"""Findings shown of one part; the others are in ``verdict.json``."""

_STYLE = {Verdict.VALID: "bold green", Verdict.INVALID: "bold red", Verdict.UNKNOWN: "bold yellow"}
_HEADS = ("promise", "bound", "schedules", "distinct", "exhausted", "verdict")
_NUMBERS = frozenset({"schedules", "distinct"})


def print_judged(console: Console, judged: JudgedRun) -> None:
    """Print a judged run: its parts, what was found and how to replay it, what was not run, and the verdict last."""
    console.print(parts_table(judged))
    for part in judged.parts:
        _print_findings(console, part)
    _print_smallest_picture(console, judged)
    for name, why in judged.run.not_run:
        _line(console, f"Not run: {name}: {why}", "yellow")
    if judged.verdict is not Verdict.VALID:
        for reason in judged.object["reasons"][1 if judged.verdict is Verdict.UNKNOWN else 0 :]:
            _line(console, f"Also unknown: {reason}", "yellow")
    console.print()
    _line(console, headline(judged), _STYLE[judged.verdict])


def parts_table(judged: JudgedRun) -> Table:
    """Return the table of a run's parts; without a column of subjects where the names of the parts say them."""
    has_subject = any(part.object["subject"] not in part.stored.name for part in judged.parts)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("part", *(("subject",) if has_subject else ()), *_HEADS):
        is_short = head in _NUMBERS or head == "promise"
        table.add_column(head, justify="right" if head in _NUMBERS else "left", no_wrap=is_short, overflow="fold")
    for part in judged.parts:
        verdict = part.object
        cells = (
            part.stored.name,
            *((verdict["subject"],) if has_subject else ()),
            verdict["promise"],
            part.bound,
            str(verdict["schedules"]),
            str(verdict["classes"]),
            "yes" if verdict["exhausted"] else "no",
        )
        table.add_row(*(Text(plain(cell)) for cell in cells), Text(plain(part.said), _STYLE[part.verdict]))
    return table


def _print_findings(console: Console, part: JudgedPart) -> None:
    groups = [group for group in part.groups if group.decides]
    if not groups:
        return
    console.print()
    _line(console, f"{part.stored.name}:", "bold")
    for group in groups[:MOST_FINDINGS]:
        _print_finding(console, group)
    if len(groups) > MOST_FINDINGS:
        _line(console, f"  and {len(groups) - MOST_FINDINGS} more in verdict.json", "")


def _print_finding(console: Console, group: FindingGroup) -> None:
    smallest = group.smallest
    _line(console, f"  {group.checker} ({group.verdict}), under {faults_in_words(smallest)}", _STYLE[group.verdict])
    _line(console, f"    {smallest['sentence']}", "")
    if group.also_under:
        _line(console, f"    also under: {', '.join(group.also_under)}", "")
    if smallest["replay"]:
        _line(console, f"    {smallest['replay']}", "cyan", is_pasted=True)


def _print_smallest_picture(console: Console, judged: JudgedRun) -> None:
    """Draw the first broken promise of the run where the terminal is wide enough for it."""
    if console.width < WIDTH:
        return
    for part in judged.parts:
        lines = [
            each.smallest["schedule"] for each in part.groups if each.decides and each.verdict is Verdict.INVALID
        ]
        picture = load_pictures(part.stored.folder, lines[:1]).get(lines[0]) if lines else None
        if picture is not None:
            console.print()
            for line in as_text(picture).splitlines():
                _line(console, line, "red" if "!!" in line else "", is_pasted=True)
            return


def _line(console: Console, text: str, style: str, *, is_pasted: bool = False) -> None:
    console.print(Text(plain(text), style), soft_wrap=is_pasted, highlight=False)
