"""Guards side by side on a terminal. A replay line is never wrapped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.text import Text

from reports.comparison import Seen
from reports.judged_run import faults_in_words, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from reports.comparison import Comparison, Guard

_STYLE = {
    Seen.BROKEN: "bold red",
    Seen.UNKNOWN: "bold yellow",
    Seen.DOCUMENTED: "yellow",
    Seen.BESIDE: "cyan",
    Seen.HELD: "green",
}


def print_comparison(console: Console, compared: Comparison) -> None:
    """Print what each guard promises and what happened to it, class by class."""
    for guard in compared.guards:
        judged = guard.part.object
        version = f" {guard.said['version']}" if guard.said["version"] else ""
        so_far = "" if judged["exhausted"] else " so far"
        head = f"{guard.name}{version}: {judged['promise']}, {judged['verdict']}"
        console.print()
        _line(console, f"{head} in {judged['schedules']:,} schedules{so_far} ({guard.part.bound})", "bold")
        for reason in judged["reasons"]:
            _line(console, f"unknown: {reason}", "yellow", indent=2)
        for seen, words in _quiet(guard):
            _line(console, f"{seen}: {words}", _STYLE.get(seen, "dim"), indent=2)
        for cell in guard.cells:
            for group in cell.groups[:1]:
                others = [each.checker for each in cell.groups[1:]]
                also = f" (also {', '.join(others)})" if others else ""
                said = f"{group.checker}{also}, under {faults_in_words(group.smallest)}"
                _line(console, f"{cell.seen}: {cell.fault_class.name}: {said}", _STYLE[cell.seen], indent=2)
                _line(console, group.smallest["sentence"], "", indent=4)
                if group.smallest["replay"]:
                    pasted = Text("    ") + Text(plain(group.smallest["replay"]), "cyan")
                    console.print(pasted, soft_wrap=True, highlight=False)


def _quiet(guard: Guard) -> Iterator[tuple[Seen, str]]:
    """Yield the classes in which nothing was found, by what was seen."""
    for seen in Seen:
        names = [cell.fault_class.name for cell in guard.cells if cell.seen is seen and not cell.groups]
        if names:
            yield seen, ", ".join(names)


def _line(console: Console, text: str, style: str, *, indent: int = 0) -> None:
    console.print(Padding(Text(plain(text), style), (0, 0, 0, indent), expand=False))
