"""The guarantees on the page: what was shown of each, by what, and on what it rests; and what was not shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.guarantee_sheet import HEADS, sheet_row
from reports.guarantees import guarantees_of, not_shown, promise_of
from reports.html.markup import Markup, link, listed, mark, section, table, tag
from reports.judged_run import counted
from verify.assumptions import ASSUMED
from verify.history.words import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reports.guarantees import Guarantee
    from reports.html.findings import Found
    from reports.judged_run import JudgedRun


def guarantees_section(judged: JudgedRun, found: Sequence[Found]) -> Markup:
    """Return the guarantee sheet; a broken one links to its first finding."""
    guarantees = guarantees_of(judged)
    if not guarantees:
        return section(
            "guarantees", "Guarantees", tag("p", "No subject was judged, so that nothing is promised here.")
        )
    first: dict[tuple[str, str], str] = {}
    for each in found:
        first.setdefault((promise_of(each.part), each.group.checker), each.identity)
    return section("guarantees", "Guarantees", *_promises(guarantees, first), _assumptions(guarantees))


def _promises(guarantees: list[Guarantee], first: dict[tuple[str, str], str]) -> Iterator[Markup]:
    for promise in dict.fromkeys(each.promise for each in guarantees):
        of_it = [each for each in guarantees if each.promise == promise]
        subjects = dict.fromkeys(str(shown.part.object["subject"]) for each in of_it for shown in each.shown)
        yield tag("h3", f"{promise}: {', '.join(subjects)}")
        yield table(f"What {promise} promises, and what was shown", HEADS, (_row(each, first) for each in of_it))


def _row(guarantee: Guarantee, first: dict[tuple[str, str], str]) -> list[str]:
    claim, shown, *others, seen = sheet_row(guarantee)
    target = first.get((guarantee.promise, guarantee.checker))
    word = mark(shown)
    if guarantee.verdict is not Verdict.VALID:
        where = link(target, "see why") if target else link("not-shown", "see why")
        word = tag("span", word, " ", where)
    if guarantee.caught or guarantee.missed:
        wanted = len(guarantee.caught) + len(guarantee.missed)
        seen = link("instrument", f"{len(guarantee.caught)} of {counted(wanted, 'planted guard')}")
    return [claim, word, *others, seen]


def _assumptions(guarantees: list[Guarantee]) -> Markup:
    used = sorted({name for each in guarantees for name in each.rests_on})
    if not used:
        return Markup()
    rows = ((name, *(each.replace("`", "") for each in ASSUMED[name])) for name in used)
    return table("The assumptions, and what the harness does about them", ("", "in plain words", "in this run"), rows)


def not_shown_section(judged: JudgedRun) -> Markup:
    """Return what was not run and what was not shown, with the reasons."""
    return section("not-shown", "What was not shown", listed(not_shown(judged)))
