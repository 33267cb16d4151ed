"""``comparison.md`` and ``comparison.json``: guards side by side, for people and for programs."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

from reports.comparison import CLASSES, MEANINGS, Seen, load_comparison
from reports.judged_run import counted, faults_in_words, plain
from reports.markdown_text import markdown, markdown_table
from reports.stored_run import write_whole
from verify.run_layout import COMPARISON_DATA, COMPARISON_PAGE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reports.comparison import Cell, Comparison, Guard
    from reports.judged_run import FindingGroup

_ABOUT = """\
Guards that others have written, each used as its authors document it, under the same faults. Each is judged by what
its authors promise, and the promises differ: this is no ranking. What a guard's authors leave out of their promise is
run and shown all the same, and is called documented. Each entry was seen on a real Redis and can be seen again: its
replay line runs its schedule once more."""
_HEADS = ("guard", "promise", *(each.name for each in CLASSES))


def write_comparison(folder: Path) -> None:
    """Write page and data of the comparison that is stored in *folder*.

    Raises:
        StoredRunError: It is none, was not judged yet, or cannot be written.
    """
    compared = load_comparison(folder)
    write_whole(folder / COMPARISON_PAGE, render_comparison(compared).encode("utf-8"))
    data = json.dumps(compared.to_object(), indent=2) + "\n"
    write_whole(folder / COMPARISON_DATA, data.encode("utf-8"))


def render_comparison(compared: Comparison) -> str:
    """Return the Markdown text of ``comparison.md``."""
    return "\n".join(_lines(compared)) + "\n"


def matrix_row(guard: Guard) -> tuple[str, ...]:
    """Return what happened to a guard under each class of faults, in a word each."""
    return guard.name, str(guard.part.object["promise"]), *(cell.seen.value for cell in guard.cells)


def _lines(compared: Comparison) -> Iterator[str]:
    yield "# Guards side by side"
    yield from ("", _ABOUT, "", "## How it was made", "")
    yield from _circumstances(compared)
    yield from ("", "## What happened under each class of faults", "")
    yield from markdown_table(_HEADS, (matrix_row(guard) for guard in compared.guards))
    yield from ("", "The words:", "")
    yield from markdown_table(("word", "what it means"), ((seen.value, MEANINGS[seen]) for seen in Seen))
    yield from ("", "The classes:", "")
    yield from markdown_table(
        ("class", "what goes wrong", "fault kinds"),
        ((each.name, each.what, ", ".join(each.families)) for each in CLASSES),
    )
    yield from ("", "A class shows what its faults lead to: what is there without them stands under no fault.")
    yield from ("", "## Versions and bounds", "")
    yield from markdown_table(
        ("guard", "package", "version", "verdict", "schedules", "within", "whole"),
        (_bound(guard) for guard in compared.guards),
    )
    if compared.judged.object["reasons"]:
        yield from ("", "What remains unknown:", "")
        yield from (f"- {markdown(reason)}" for reason in compared.judged.object["reasons"])
    if compared.judged.run.not_run:
        yield from ("", "Not run:", "")
        yield from (f"- {markdown(name)}: {markdown(why)}" for name, why in compared.judged.run.not_run)
    for guard in compared.guards:
        yield from _guard(guard)


def _circumstances(compared: Comparison) -> Iterator[str]:
    environment = compared.judged.environment
    words = [str(word) for word in environment.get("command", [])][1:]
    servers = dict.fromkeys(guard.part.server for guard in compared.guards)
    kinds = dict.fromkeys(kind for guard in compared.guards for kind in guard.part.object["bound"]["kinds"])
    yield f"- date: {markdown(compared.date) or 'unknown'}"
    yield f"- command: {_code(shlex.join(['stormproof', *words]))}; replay lines name the files in its run folder"
    yield f"- server: {markdown(', '.join(servers)) or 'none'}; Python {markdown(str(environment.get('python', '')))}"
    yield f"- seed: {compared.seed}"
    yield f"- fault kinds, one in a schedule: {markdown(', '.join(kinds)) or 'none'}"


def _bound(guard: Guard) -> tuple[str, ...]:
    judged = guard.part.object
    return (
        guard.name,
        guard.said["package"],
        guard.said["version"],
        str(judged["verdict"]),
        str(judged["schedules"]),
        guard.part.bound,
        "yes" if judged["exhausted"] else f"no: {'; '.join(judged['reasons'])}",
    )


def _guard(guard: Guard) -> Iterator[str]:
    yield from ("", f"## {markdown(guard.name)}", "")
    yield f"{markdown(guard.said['what'])}. Judged by {_code(str(guard.part.object['promise']))}."
    if guard.said["says"]:
        yield from ("", f'Its authors: "{markdown(guard.said["says"])}" ({markdown(guard.said["where"])})')
    shown = [cell for cell in guard.cells if cell.groups]
    if not shown:
        yield from ("", f"Nothing was seen not to hold in {counted(guard.part.object['schedules'], 'schedule')}.")
    if shown:
        yield ""
    for cell in shown:
        yield from _cell(cell)


def _cell(cell: Cell) -> Iterator[str]:
    first, *others = cell.groups
    replay = first.smallest["replay"]
    again = f". Again: {_code(replay)}" if replay else ""
    yield f"- {cell.fault_class.name}, {cell.seen}: {_finding(first)}{again}"
    yield from (f"  - also {_finding(group)}" for group in others)


def _finding(group: FindingGroup) -> str:
    under = faults_in_words(group.smallest)
    also = f"; also under {', '.join(group.also_under)}" if group.also_under else ""
    standing = "" if group.decides else f", {group.standing}"
    said = f". Its authors: {group.smallest['outside']}" if group.smallest["outside"] else ""
    sentence = f"{markdown(group.smallest['sentence'])}{markdown(said)}"
    head = f"{_code(group.checker)} ({group.verdict}{standing}) under {markdown(under + also)}"
    return f"{head}: {sentence}. Shortest schedule: {_code(group.smallest['schedule'])}"


def _code(text: str) -> str:
    return f"`{plain(text).replace('`', '?')}`"
