"""What was found, on the page: each with its sentence, the line that shows it again, its picture and its events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reports.again import command_for
from reports.excerpt import HEADS, excerpt_of
from reports.guarantees import claim_of
from reports.html.markup import Markup, command, link, listed, mark, section, table, tag, together
from reports.html.storms import demotions_of
from reports.judged_run import counted, faults_in_words
from reports.picture import draw
from reports.picture_svg import as_element
from reports.stored_history import mark_of
from reports.stored_run import StoredRunError, read_object
from verify.run_layout import schedule_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reports.excerpt import Excerpt
    from reports.judged_run import FindingGroup, JudgedPart, JudgedRun


@dataclass(frozen=True, slots=True)
class Found:
    """A finding that decides, and its place on the page.

    Attributes:
        identity: The anchor.
        part: Where it was found.
        group: All that its checker says there.
        finding: As in ``verdict.json``.
    """

    identity: str
    part: JudgedPart
    group: FindingGroup
    finding: Mapping[str, Any]


def found_in(judged: JudgedRun) -> list[Found]:
    """Return what decides, part by part: of each checker one finding for each way that leads to it."""
    return [
        Found(f"finding-{at}-{mark_of(finding)}", part, group, finding)
        for at, part in enumerate(judged.parts)
        for group in part.groups
        if group.decides
        for finding in group.members
    ]


def findings_section(found: list[Found]) -> Markup:
    """Return the section of what decides; it says so where nothing does."""
    if not found:
        return section("findings", "Findings", tag("p", "Nothing was found that breaks what was promised."))
    return section("findings", "Findings", *map(_finding, found))


def beside_section(judged: JudgedRun) -> Markup:
    """Return the section of what was seen beside the promises; nothing where nothing was."""
    rows = []
    for part in judged.parts:
        for group in part.groups:
            if not group.decides:
                smallest = group.smallest
                standing = smallest["outside"] or group.standing
                shows = tag("code", command_for(part, smallest)) if smallest["replay"] else ""
                rows.append(
                    (
                        group.checker,
                        part.stored.name,
                        standing,
                        faults_in_words(smallest),
                        smallest["sentence"],
                        shows,
                    )
                )
    if not rows:
        return Markup()
    about = tag("p", "These decide nothing: the subject does not promise them, or not under these faults.")
    heads = ("checker", "part", "standing", "under", "what happened", "shown again by")
    return section("beside", "Seen beside the promise", about, table("Seen beside the promise", heads, rows))


def events_table(caption: str, excerpt: Excerpt) -> Markup:
    """Return an excerpt as a table, with how much is left out."""
    more = f"{counted(excerpt.left_out, 'more event')} in history.jsonl." if excerpt.left_out else ""
    shown = tag("div", table(caption, HEADS, excerpt.lines), class_="events")
    return together(shown, tag("p", more, class_="quiet") if more else Markup())


def _finding(found: Found) -> Markup:
    finding, group = found.finding, found.group
    heading = f"{found.identity}-title"
    is_smallest = finding is group.smallest
    also = f"Seen in {counted(finding['schedules'], 'schedule')}"
    also += f"; of this checker {counted(group.findings, 'finding')} in all." if is_smallest else "."
    return tag(
        "article",
        tag(
            "h3",
            mark(finding["verdict"]),
            f" {finding['checker']}, under {faults_in_words(finding)}: {found.part.stored.name}",
            id=heading,
        ),
        tag("p", f"{finding['sentence']}."),
        tag(
            "p", f"Promised: {claim_of(finding['checker'])} ", link("guarantees", "To the guarantees"), class_="quiet"
        ),
        *_again(found),
        *_seen(found),
        tag("p", also, class_="quiet"),
        class_="finding",
        id=found.identity,
        aria_labelledby=heading,
    )


def _again(found: Found) -> Iterator[Markup]:
    """Yield the command that shows the finding again, or where the one of the whole run is."""
    demoted = list(demotions_of(found.part))
    line = command_for(found.part, found.finding)
    if demoted:
        yield tag("p", "Among the enumerated schedules:")
        yield from demoted
    elif line:
        yield tag("p", "The command that shows it again:")
        yield command(line)
    else:
        yield tag("p", "It is seen again where all of it is run again: ", link("checking", "the command"))


def _seen(found: Found) -> Iterator[Markup]:
    """Yield picture and events of the stored schedule, where there is one."""
    try:
        stored = read_object(found.part.stored.folder / schedule_file(mark_of(found.finding)))
    except StoredRunError:
        yield tag("dl", tag("dt", "schedule"), tag("dd", found.finding["schedule"]))
        return
    picture = draw(stored)
    if picture is not None:
        yield tag(
            "div", Markup(as_element(picture)), class_="drawn", tabindex="0", role="region", aria_label="Picture"
        )
    events = stored.get("events")
    if isinstance(events, list) and events:
        excerpt = excerpt_of(each for each in events if isinstance(each, dict))
        caption = f"What was judged: {found.finding['checker']}, under {faults_in_words(found.finding)}"
        yield tag("details", tag("summary", "The events that were judged"), events_table(caption, excerpt))


def links_to(found: list[Found]) -> Markup:
    """Return a list of links to the findings."""
    return listed(
        link(
            each.identity,
            f"{each.finding['checker']}, under {faults_in_words(each.finding)}: {each.part.stored.name}",
        )
        for each in found
    )
