"""Makes the screenshots of both pages of a run for the docs. Needs Chromium, Node and npm.

Usage: python .ci/screenshots.py STORMPROOF
"""

from __future__ import annotations

import base64
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from reports.tests.browser import opened
from stormproof.tests.running import wait_for

if TYPE_CHECKING:
    from reports.tests.browser import Page

DOCS = Path(__file__).resolve().parents[1] / "docs"
WIDTH = 1100
GUARD = "broken.delete_on_any_exception"
BRANCHES = ("at most one effect", "explore", GUARD, "at_most_once")
"""What is clicked in Allure's tree, from the guarantee to the result."""


def main(stormproof: str) -> int:
    """Explore a guard with a known bug, and take pictures of its pages."""
    program = Path(stormproof).resolve()
    with tempfile.TemporaryDirectory(prefix="shots-") as folder:
        words = ["explore", "--subject", GUARD, "--kinds", "effect_reply_lost", "--seed", "7", "--out", "lost-reply"]
        for each in (words, ["report", "lost-reply"], ["report", "lost-reply", "--allure"]):
            subprocess.run([program, *each], cwd=folder, check=each is not words, stdout=subprocess.DEVNULL)
        run = Path(folder, "lost-reply")
        with opened(run / "report.html") as page:
            shoot(page, DOCS / "report.png", 760)
            page.ask("document.querySelector('#verdict a[href^=\"#finding\"]').click()")
            shoot(page, DOCS / "report-finding.png", 900)
        with opened(run / "allure.html") as page:
            resize(page, 900)
            page.ask("location.hash = 'behaviors'")
            for branch in BRANCHES:
                click(page, branch)
            wait_for(lambda: bool(page.ask("document.body.innerText.includes('Test body')")))
            shoot(page, DOCS / "allure.png", 900)
    return 0


def click(page: Page, text: str) -> None:
    """Click on the last branch of Allure's tree that says *text*, when it is there."""
    found = (
        f"[...document.querySelectorAll('.node__title, .node__leaf')].filter((e) => e.innerText.includes('{text}'))"
    )
    wait_for(lambda: bool(page.ask(f"{found}.length")))
    page.ask(f"{found}.at(-1).click()")


def resize(page: Page, height: int) -> None:
    """Give the page a screen."""
    page.call("Emulation.setDeviceMetricsOverride", width=WIDTH, height=height, deviceScaleFactor=1, mobile=False)


def shoot(page: Page, into: Path, height: int) -> None:
    """Write a picture of what is on the screen."""
    resize(page, height)
    into.write_bytes(base64.b64decode(page.call("Page.captureScreenshot")["data"]))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
