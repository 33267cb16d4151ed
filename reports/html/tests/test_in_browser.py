"""The page in a real browser: it asks for nothing, complains of nothing, and can be read on every screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reports.html.page import write_html
from reports.stored_run import write_verdict
from reports.tests.browser import CHROMIUM, opened
from reports.tests.run_folders import campaign_run, invalid_run, unknown_run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium on PATH")

LEAST_CONTRAST = 4.5
"""What WCAG 2.2 asks for of texts (AA)."""

CONTRASTS = """
(() => {
  const part = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const linear = (c) => (c /= 255, c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = part(getComputedStyle(each).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const bad = [];
  for (const element of document.querySelectorAll('body *:not(svg):not(svg *)')) {
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) continue;
    const [one, other] = [light(part(getComputedStyle(element).color)), light(ground(element))];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < LEAST) bad.push(`${element.tagName}.${element.className} ${ratio}`);
  }
  return bad;
})()
""".replace("LEAST", str(LEAST_CONTRAST))

GROUND = "getComputedStyle(document.body).backgroundColor"


@pytest.mark.parametrize("build", [invalid_run, unknown_run, campaign_run])
def test_the_page_asks_for_nothing_and_can_be_read(build: Callable[[Path], Path], tmp_path: Path) -> None:
    """The network is watched: the file itself is all that is asked for. Texts stand out on light and dark ground."""
    write_verdict(build(tmp_path))
    path = write_html(tmp_path)
    with opened(path) as page:
        grounds = set()
        for dark in (False, True):
            page.look(dark=dark)
            grounds.add(page.ask(GROUND))
            assert page.ask(CONTRASTS) == []
        assert len(grounds) == 2
        page.look(dark=True, paper=True)
        assert page.ask(GROUND) == "rgb(255, 255, 255)"
        assert page.ask("getComputedStyle(document.querySelector('nav')).display") == "none"
        assert page.requested == [path.as_uri()]
        assert page.troubles == []


def test_three_clicks_lead_from_the_verdict_to_the_command(tmp_path: Path) -> None:
    """Links are clicked, and the command is on the screen."""
    write_verdict(invalid_run(tmp_path))
    with opened(write_html(tmp_path)) as page:
        clicks = 0
        command = "document.querySelector(':target .command code')?.textContent ?? ''"
        while not page.ask(command) and clicks < 3:
            place = "document.querySelector(location.hash || '#verdict')"
            page.ask(f"{place}.querySelector('a[href^=\"#finding\"]').click()")
            clicks += 1
        assert page.ask(command).startswith("stormproof replay ")
        top = page.ask("document.querySelector(':target').getBoundingClientRect().top")
        assert 0 <= top < page.ask("innerHeight")


def test_a_narrow_screen_needs_no_scrolling_aside(tmp_path: Path) -> None:
    """Wide tables and pictures scroll by themselves, with the keyboard too."""
    write_verdict(campaign_run(tmp_path))
    with opened(write_html(tmp_path)) as page:
        page.call("Emulation.setDeviceMetricsOverride", width=380, height=800, deviceScaleFactor=1, mobile=False)
        assert page.ask("document.documentElement.scrollWidth") <= 380
        assert page.ask("[...document.querySelectorAll('.wide, .drawn')].every((each) => each.tabIndex === 0)")


def test_nothing_is_cut_or_folded_on_paper(tmp_path: Path) -> None:
    """As wide as a sheet, with the events that are folded on the screen, and without the links between sections."""
    write_verdict(invalid_run(tmp_path))
    with opened(write_html(tmp_path)) as page:
        page.call("Emulation.setDeviceMetricsOverride", width=720, height=1000, deviceScaleFactor=1, mobile=False)
        folded = "document.querySelector('details table').checkVisibility({contentVisibilityAuto: true})"
        assert page.ask(folded) is False
        page.look(paper=True)
        assert page.ask("document.documentElement.scrollWidth") <= 720
        assert page.ask(folded) is True


def test_the_browser_sees_what_it_is_watched_for(tmp_path: Path) -> None:
    """A page that fetches and complains is caught, so that silence means something."""
    path = tmp_path / "loud.html"
    path.write_text("<script>console.error('loud')</script><img src='http://127.0.0.1:9/outside'>", encoding="utf-8")
    with opened(path) as page:
        assert "http://127.0.0.1:9/outside" in page.requested
        assert any("loud" in each for each in page.troubles)
