"""The page says what the verdict says, in order, and can be read without a script, a network, or eyes."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reports.guarantees import guarantees_of
from reports.html.page import render_html, write_html
from reports.judged_run import load_judged
from reports.stored_run import StoredRunError, write_verdict
from reports.tests.run_folders import (
    campaign_run,
    durability_run,
    invalid_run,
    record,
    sound_history,
    story_run,
    twice_history,
    unknown_run,
    valid_run,
)
from reports.tests.test_storm_reports import FOUND, NOT_FOUND, REPLAY, storm_run
from verify.durability.cell import Crash
from verify.durability.tests.cells import cell
from verify.run_layout import ENVIRONMENT, RECORD, RUN

if TYPE_CHECKING:
    from collections.abc import Callable


def lattice_run(folder: Path) -> Path:
    """Write a run of the lattice in which the validator had said OK, and a write was lost."""
    return durability_run(folder, [cell(kept=7), cell(crash=Crash.TAIL_CUT, history=2)])


def stormy_run(folder: Path) -> Path:
    """Write a run of a storm that broke what one enumerated schedule shows."""
    return storm_run(folder, [sound_history(), twice_history()], demotions=[FOUND, NOT_FOUND])


RUNS = [
    (valid_run, "VALID"),
    (invalid_run, "INVALID"),
    (unknown_run, "UNKNOWN"),
    (campaign_run, "VALID"),
    (lattice_run, "INVALID"),
    (story_run, "INVALID"),
    (stormy_run, "INVALID"),
]
VOID = {"meta", "br", "hr", "link", "img", "input"}


class Reader(HTMLParser):
    """Reads a page: its elements in order, what is open, and what does not fit."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.wrong: list[str] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        self.wrong += [f"{tag} is never closed" for tag in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that holds nothing."""
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """Close what is open."""
        if not self._open or self._open.pop() != tag:
            self.wrong.append(f"{tag} closes another element")

    def handle_data(self, data: str) -> None:
        """Note what is said outside the style."""
        if not self._open or self._open[-1] != "style":
            self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of every element of a name."""
        return [attributes for name, attributes in self.elements if name == tag]


def _read(build: Callable[[Path], Path], folder: Path) -> tuple[str, Reader]:
    write_verdict(build(folder))
    page = render_html(load_judged(folder))
    return page, Reader(page)


@pytest.mark.parametrize(("build", "verdict"), RUNS)
def test_the_verdict_comes_first(build: Callable[[Path], Path], verdict: str, tmp_path: Path) -> None:
    """It is the one first heading, before all else on the page."""
    page, reader = _read(build, tmp_path)
    assert len(reader.all("h1")) == 1
    assert re.search(r"<main><section [^>]*><h1 [^>]*>(\w+)\. ", page)[1] == verdict  # type: ignore[index]
    assert f"<title>{verdict}: " in page


@pytest.mark.parametrize(("build", "verdict"), RUNS)
def test_the_page_is_sound(build: Callable[[Path], Path], verdict: str, tmp_path: Path) -> None:
    """Elements close, anchors are unique, links lead to one of them, and headings leave no level out."""
    _, reader = _read(build, tmp_path)
    assert reader.wrong == []
    anchors = [held["id"] for _, held in reader.elements if held.get("id")]
    assert len(anchors) == len(set(anchors))
    assert {f"#{anchor}" for anchor in anchors} >= {held["href"] for held in reader.all("a")}
    levels = [int(tag[1]) for tag, _ in reader.elements if re.fullmatch("h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    for tag, held in reader.elements:
        for name in ("aria-labelledby",):
            assert held.get(name) is None or held[name] in anchors, tag


@pytest.mark.parametrize(("build", "verdict"), RUNS)
def test_nothing_is_run_or_fetched(build: Callable[[Path], Path], verdict: str, tmp_path: Path) -> None:
    """There is no script and no address, and the browser is told to refuse both."""
    page, reader = _read(build, tmp_path)
    names = {tag for tag, _ in reader.elements}
    assert not names & {"script", "img", "link", "iframe", "object", "embed", "form"}
    assert not any(name.startswith("on") for _, held in reader.elements for name in held)
    assert set(re.findall(r"https?://[^\"'<> ]+", page)) <= {"http://www.w3.org/2000/svg"}
    (policy,) = [held["content"] for held in reader.all("meta") if "http-equiv" in held]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"
    assert "url(" not in page
    assert "@import" not in page


@pytest.mark.parametrize(("build", "verdict"), RUNS)
def test_there_are_landmarks_and_text_besides_colour(
    build: Callable[[Path], Path], verdict: str, tmp_path: Path
) -> None:
    """One main, one header, one footer, a named navigation; tables say what they are; each mark says its word."""
    page, reader = _read(build, tmp_path)
    for landmark in ("main", "header", "footer", "nav"):
        assert len(reader.all(landmark)) == 1
    assert reader.all("html") == [{"lang": "en"}]
    assert len(reader.all("caption")) == len(reader.all("table"))
    assert all(held["scope"] in {"row", "col"} for held in reader.all("th"))
    assert all(word.strip() for word in re.findall(r'<span class="mark [^"]*">([^<]*)<', page))
    assert all(held.get("role") == "img" for held in reader.all("svg"))


def test_from_the_verdict_it_is_one_click_to_the_command(tmp_path: Path) -> None:
    """The verdict links to the finding; there are its sentence, its picture and the line to run."""
    page, _ = _read(invalid_run, tmp_path)
    verdict = page[page.index('id="verdict"') : page.index('id="guarantees"')]
    target = re.search(r'href="#(finding-[^"]+)"', verdict)
    assert target is not None
    finding = page[page.index(f'id="{target[1]}"') :]
    finding = finding[: finding.index("</article>")]
    line = re.search(r"<code>stormproof replay (\S+\.json)</code>", finding)
    assert line is not None
    assert Path(line[1]).parent == tmp_path / "schedules"
    assert Path(line[1]).is_file()
    assert '<svg xmlns="http://www.w3.org/2000/svg" class="picture"' in finding
    assert "effect 2: DONE AGAIN" in finding
    assert "landed 2 times" in finding
    assert "effect_call" in finding


def test_without_its_schedule_a_finding_has_the_line_of_its_verdict(tmp_path: Path) -> None:
    """Better a command for another folder than none."""
    write_verdict(invalid_run(tmp_path))
    for path in (tmp_path / "schedules").glob("*.json"):
        path.unlink()
    page = render_html(load_judged(tmp_path))
    assert re.search(r"<code>stormproof replay stormproof-runs/one/schedules/[0-9a-f]{12}\.json</code>", page)


def test_a_lattice_is_a_table_with_words_and_colours(tmp_path: Path) -> None:
    """Each configuration under each crash; the forbidden cell is a finding that the guarantees lead to."""
    page, _ = _read(lattice_run, tmp_path)
    shown = page[page.index('id="durability"') :]
    assert '<span class="mark lost">lost 7/8</span>' in shown
    assert '<span class="mark kept">kept 8/8</span>' in shown
    assert 'class="lattice"' in shown
    sheet = page[page.index('id="guarantees"') : page.index('id="findings"')]
    assert re.search(r'class="mark invalid">INVALID</span> <a href="#finding-', sheet)
    assert "stormproof campaign --tier durability --seed 7" in page


def test_a_tier_that_is_run_as_a_whole_leads_to_the_command_of_the_run(tmp_path: Path) -> None:
    """Not every tier can run one part again, and no command is shown that does not exist."""
    write_verdict(story_run(tmp_path))
    path = tmp_path / "parts" / "story" / RECORD
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {"tier": "elsewhere"}), encoding="utf-8")
    (tmp_path / ENVIRONMENT).write_text(json.dumps({"command": ["/bin/stormproof", "storm"]}), encoding="utf-8")
    write_verdict(tmp_path)
    page = render_html(load_judged(tmp_path))
    assert "--tier elsewhere" not in page
    assert "<code>stormproof storm</code>" in page[page.index('id="checking"') :]
    finding = page[page.index("<article") : page.index("</article>")]
    assert 'href="#checking"' in finding


def test_a_storm_has_its_figures_its_picture_and_the_schedule_that_shows_what_it_broke(tmp_path: Path) -> None:
    """Calls are counted, not pieces; the command is that of the enumerated schedule."""
    page, _ = _read(stormy_run, tmp_path)
    shown = page[page.index('id="storms"') : page.index('id="faults"')]
    assert "2,973 calls by 20 users in 4 worker processes" in shown
    assert '<svg xmlns="http://www.w3.org/2000/svg" class="storm"' in shown
    finding = page[page.index("<article") : page.index("</article>")]
    assert f"<code>{REPLAY}</code>" in finding
    assert "nothing_lost is shown by no schedule of" in finding
    sheet = page[page.index('id="guarantees"') : page.index('id="findings"')]
    assert "2,973 calls, 1 part" in sheet
    assert "2 schedules" not in sheet


def test_a_story_tells_its_faults_and_how_to_tell_it_again(tmp_path: Path) -> None:
    """It has no schedule to replay: every fault is in the log with its witness, and the story is told again."""
    page, _ = _read(story_run, tmp_path)
    faults = page[page.index('id="faults"') : page.index('id="histories"')]
    assert "effect_reply_lost" in faults
    assert "the venue&#x27;s book has the line" in faults
    assert "steady state before: 3 of 3 orders landed once" in page
    finding = page[page.index('id="findings"') :]
    assert "stormproof campaign --tier scenarios --only retry_race --subject shop.guards:make --seed 7" in finding


def test_without_a_finding_the_commands_are_there_all_the_same(tmp_path: Path) -> None:
    """Who doubts a VALID can judge the run again, run it again, and hand it on."""
    page, _ = _read(valid_run, tmp_path)
    shown = page[page.index('id="checking"') :]
    assert f"stormproof judge {tmp_path}" in shown
    assert "stormproof explore --subject shop.guards:make --promise exactly_once_or_in_doubt" in shown
    assert f"stormproof evidence pack {tmp_path}" in shown


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            ["/bin/stormproof", "campaign", "--out", "x y", "--only", "a b"],
            "stormproof campaign --only &#x27;a b&#x27;",
        ),
        (["/lib/stormproof/__main__.py", "selftest", "--out=x"], "<code>stormproof selftest</code>"),
    ],
)
def test_the_command_of_the_whole_run_is_there(words: list[str], line: str, tmp_path: Path) -> None:
    """As it was typed, but for the folder that is there already."""
    write_verdict(valid_run(tmp_path))
    (tmp_path / ENVIRONMENT).write_text(json.dumps({"command": words}), encoding="utf-8")
    assert line in render_html(load_judged(tmp_path))


def test_a_run_of_another_program_names_no_command(tmp_path: Path) -> None:
    """A run of pytest is not made again by the words of pytest."""
    write_verdict(valid_run(tmp_path))
    (tmp_path / ENVIRONMENT).write_text(json.dumps({"command": ["/bin/pytest", "-q"]}), encoding="utf-8")
    assert "Run all of it again" not in render_html(load_judged(tmp_path))


def test_every_guarantee_is_on_the_page_with_its_assumptions(tmp_path: Path) -> None:
    """Each claim with what was shown of it; the broken one leads to its finding."""
    page, _ = _read(invalid_run, tmp_path)
    sheet = page[page.index('id="guarantees"') : page.index('id="findings"')]
    guarantees = guarantees_of(load_judged(tmp_path))
    for guarantee in guarantees:
        assert guarantee.claim in sheet
    assert sheet.count('class="mark invalid"') == 1
    assert sheet.count('class="mark valid"') == len(guarantees) - 1
    assert re.search(r'class="mark invalid">INVALID</span> <a href="#finding-', sheet)
    assert "Redis keeps what it acknowledged." in sheet


def test_the_page_tells_what_was_run_struck_and_left_out(tmp_path: Path) -> None:
    """Bound, coverage, faults, histories, what was not run, server, seed and digests."""
    page, _ = _read(campaign_run, tmp_path)
    for wanted in (
        "2 workers, up to 1 fault of 1 kind",
        "storm was not run: it was left out with --only",
        "valkey 9.1.2, sha256 abab",
        "explore shop: its first history",
        "planted get_then_set",
        "was caught by",
        "parts/shop/history.jsonl",
        "2026-11-23T10:00:00Z",
    ):
        assert wanted in page, wanted


def test_the_style_of_a_picture_holds_in_the_picture_alone(tmp_path: Path) -> None:
    """What one picture says of texts would else hold for the whole page."""
    page, _ = _read(invalid_run, tmp_path)
    style = page[page.index("<style>") : page.index("</style>")]
    assert "svg.picture text{" in style
    assert "svg.lattice text{" in style
    assert not re.search(r"(?m)^text\{", style)
    assert page.count("<style>") == 1


def test_no_secret_reaches_the_page(tmp_path: Path) -> None:
    """Not from a subject's name, a reason, or the environment."""
    invalid_run(tmp_path)
    said: dict[str, Any] = {"subject": "g redis://u:hunter2@h", "reason": "password=hunter2", "exhausted": False}
    (tmp_path / RECORD).write_text(json.dumps(record(schedules=2, classes=2, **said).to_object()), encoding="utf-8")
    (tmp_path / "environment.json").write_text(json.dumps({"command": ["--token", "hunter2"]}), encoding="utf-8")
    write_verdict(tmp_path)
    assert "hunter2" not in render_html(load_judged(tmp_path))


def test_the_page_is_written_beside_the_run_or_where_it_is_asked_for(tmp_path: Path) -> None:
    """A run that was not judged has no page."""
    folder = tmp_path / "run"
    folder.mkdir()
    write_verdict(valid_run(folder))
    assert write_html(folder) == folder / "report.html"
    assert write_html(folder, tmp_path / "other.html").read_bytes() == (folder / "report.html").read_bytes()
    (folder / RUN).unlink()
    with pytest.raises(StoredRunError, match=RUN):
        write_html(folder)
