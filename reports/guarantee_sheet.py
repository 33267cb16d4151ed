"""``guarantees.md``: each promise of a judged run, its assumptions, what stands behind it, and what was not shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.guarantees import guarantees_of, not_shown
from reports.judged_run import counted, headline, load_judged
from reports.markdown_text import markdown, markdown_table
from reports.stored_run import write_whole
from verify.assumptions import ASSUMED
from verify.run_layout import GUARANTEES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reports.guarantees import Guarantee
    from reports.judged_run import JudgedRun

HEADS = ("what is promised", "shown", "rests on", "asked by", "schedules behind it", "the check was seen to fail on")


def write_guarantees(folder: Path | str) -> Path:
    """Write ``guarantees.md`` of the judged run in *folder* and return where it is.

    Raises:
        StoredRunError: The folder is no run folder, was not judged yet, or cannot be written.
    """
    judged = load_judged(folder)
    path = judged.run.folder / GUARANTEES
    write_whole(path, render_guarantees(judged).encode("utf-8"))
    return path


def render_guarantees(judged: JudgedRun) -> str:
    """Return the Markdown text of ``guarantees.md``."""
    return "\n".join(_lines(judged)) + "\n"


def sheet_row(guarantee: Guarantee) -> tuple[str, ...]:
    """Return the line of one claim under :data:`HEADS`."""
    seen = ", ".join(guarantee.caught) or "no planted guard of this run"
    blind = f"; it did not catch {', '.join(guarantee.missed)}" if guarantee.missed else ""
    return (
        guarantee.claim,
        guarantee.verdict.value,
        ", ".join(guarantee.rests_on) or "none",
        guarantee.checker,
        behind(guarantee),
        seen + blind,
    )


def behind(guarantee: Guarantee) -> str:
    """Return how much stands behind a claim, in words."""
    told = list(guarantee.storms)
    if guarantee.schedules or not told:
        histories = counted(guarantee.classes, "distinct history", "distinct histories")
        told = [counted(guarantee.schedules, "schedule"), histories, *told]
    return ", ".join([*told, counted(len(guarantee.shown), "part")])


def _lines(judged: JudgedRun) -> Iterator[str]:
    guarantees = guarantees_of(judged)
    yield from ("# Guarantee sheet", "", f"{judged.verdict}. {markdown(headline(judged))}")
    if not guarantees:
        yield from ("", "No subject was judged, so that nothing is promised here.")
    for promise in dict.fromkeys(each.promise for each in guarantees):
        of_it = [each for each in guarantees if each.promise == promise]
        subjects = dict.fromkeys(shown.part.object["subject"] for each in of_it for shown in each.shown)
        yield from ("", f"## {markdown(promise)}", "", f"Judged by it: {markdown(', '.join(subjects))}.", "")
        yield from markdown_table(HEADS, map(sheet_row, of_it))
        broken = [shown for each in of_it for shown in each.shown if shown.group is not None]
        if broken:
            yield from ("", "Broken by:", "")
            yield from (
                f"- {markdown(one.checker)}, {markdown(one.part.stored.name)}: {markdown(one.why)}" for one in broken
            )
    used = sorted({name for each in guarantees for name in each.rests_on})
    if used:
        yield from ("", "## What it rests on", "")
        rows = ((name, *ASSUMED[name]) for name in used)
        yield from markdown_table(("", "in plain words", "in this run"), rows)
    yield from ("", "## What was not shown", "")
    yield from (f"- {markdown(each)}" for each in not_shown(judged))
