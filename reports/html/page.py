"""``report.html``: a judged run as one page. The verdict comes first, and nothing on it is fetched from anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.html.circumstances import checking_section, circumstances_section
from reports.html.claims import claims_section
from reports.html.findings import beside_section, findings_section, found_in, links_to
from reports.html.markup import Markup, link, listed, tag, together, told
from reports.html.parts import (
    durability_section,
    faults_section,
    histories_section,
    instrument_section,
    parts_section,
)
from reports.html.sheet import guarantees_section, not_shown_section
from reports.html.storms import storms_section
from reports.html.style import stylesheet
from reports.judged_run import headline, load_judged
from reports.stored_run import write_whole
from verify.history.words import Verdict
from verify.run_layout import REPORT

if TYPE_CHECKING:
    from pathlib import Path

    from reports.html.findings import Found
    from reports.judged_run import JudgedRun

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""The browser refuses whatever is not in the page itself."""

_TITLES = {
    "verdict": "Verdict",
    "guarantees": "Guarantees",
    "findings": "Findings",
    "beside": "Beside the promise",
    "parts": "What was run",
    "instrument": "Instrument",
    "claims": "Claims",
    "durability": "Durability",
    "storms": "Storm",
    "faults": "Faults",
    "histories": "Histories",
    "not-shown": "Not shown",
    "circumstances": "Circumstances",
    "checking": "Check it yourself",
}


def write_html(folder: Path | str, into: Path | None = None) -> Path:
    """Write the page of the judged run in *folder* and return where it is.

    Args:
        folder: The run folder.
        into: Where it goes; None means ``report.html`` in the run folder.

    Raises:
        StoredRunError: The folder is no run folder, was not judged yet, or the page cannot be written.
    """
    judged = load_judged(folder)
    path = judged.run.folder / REPORT if into is None else into
    write_whole(path, render_html(judged).encode("utf-8"))
    return path


def render_html(judged: JudgedRun) -> str:
    """Return the page."""
    found = found_in(judged)
    sections = {
        "guarantees": guarantees_section(judged, found),
        "findings": findings_section(found),
        "beside": beside_section(judged),
        "parts": parts_section(judged),
        "instrument": instrument_section(judged),
        "claims": claims_section(judged),
        "durability": durability_section(judged),
        "storms": storms_section(judged),
        "faults": faults_section(judged),
        "histories": histories_section(judged),
        "not-shown": not_shown_section(judged),
        "circumstances": circumstances_section(judged),
        "checking": checking_section(judged),
    }
    present = {name: body for name, body in sections.items() if body}
    contents = tag("ol", *(tag("li", link(name, _TITLES[name])) for name in ("verdict", *present)))
    body = tag(
        "body",
        tag("a", "Skip to the verdict", href="#verdict", class_="skip"),
        tag("header", tag("p", f"stormproof, {judged.run.kind}: {judged.run.named}")),
        tag("nav", contents, aria_label="Contents"),
        tag("main", _verdict(judged, found), *present.values()),
        tag(
            "footer", tag("p", "Made by stormproof from the stored run alone; it repeats the verdict and adds none.")
        ),
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("title", f"{judged.verdict.value}: {judged.run.named}"),
        Markup(f"<style>{stylesheet()}</style>"),
    )
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _verdict(judged: JudgedRun, found: list[Found]) -> Markup:
    heading = tag("h1", f"{judged.verdict.value}. ", headline(judged), id="verdict-title")
    more: list[Markup] = []
    if found:
        more.append(tag("p", "What decides, each with the command that shows it again:"))
        more.append(links_to(found))
    reasons = [] if judged.verdict is Verdict.VALID else judged.object["reasons"]
    if reasons:
        more += [tag("p", "What remains unknown:"), listed(reasons)]
    more.append(tag("p", link("checking", "Check it yourself"), told(": the commands to run.")))
    return tag(
        "section",
        heading,
        together(more),
        id="verdict",
        class_=f"verdict {judged.verdict.value.lower()}",
        aria_labelledby="verdict-title",
    )
