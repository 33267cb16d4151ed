"""The storms of a run on the page: how much it was, how fast, what went wrong, and what of it one schedule shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.html.markup import Markup, command, listed, section, tag
from reports.storm import demotion_lines, storm_lines, storm_of
from reports.storm_svg import storm_element

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reports.judged_run import JudgedPart, JudgedRun


def storms_section(judged: JudgedRun) -> Markup:
    """Return figures, notes and picture of each storm; nothing where there was none."""
    found = [each for part in judged.parts if not part.is_as_expected for each in _storm(part)]
    return section("storms", "The storm", *found) if found else Markup()


def demotions_of(part: JudgedPart) -> Iterator[Markup]:
    """Yield what the enumerated schedules show of what a part broke, each with the command that shows it again."""
    for sentence, replay in demotion_lines(part):
        yield tag("p", f"{sentence}.")
        if replay:
            yield command(replay)


def _storm(part: JudgedPart) -> Iterator[Markup]:
    figures = storm_of(part)
    if figures is None:
        return
    yield tag("h3", part.stored.name)
    yield listed([*storm_lines(figures), *part.object["notes"]])
    picture = Markup(storm_element(figures))
    yield tag("div", picture, class_="drawn", tabindex="0", role="region", aria_label="Answers, latencies and faults")
