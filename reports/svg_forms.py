"""What every picture is made of: a document of its own or an element of a page, and texts that may say anything."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from reports.judged_run import plain

if TYPE_CHECKING:
    from collections.abc import Iterable


def safe(text: str) -> str:
    """Return *text* as character data: without secrets, and without what XML cannot hold."""
    return escape(plain(text))


def text_at(x: float, y: float, text: str, look: str) -> str:
    """Return a line of text; *look* is its class."""
    return f'<text x="{x:g}" y="{y:g}" class="{look}">{safe(text)}</text>'


def style_of(rules: str) -> str:
    """Return the element of style of a document."""
    return f"<style>{escape(rules)}</style>"


def drawn(size: tuple[int, int], title: str, parts: Iterable[str], *, style: str = "", page_class: str = "") -> str:
    """Return a picture.

    Args:
        size: Width and height in pixels.
        title: What somebody hears who does not see it.
        parts: What it shows, as elements.
        style: The element of style of a document; empty in a page that has the rules.
        page_class: The class under which a page has them; empty for a document.
    """
    width, height = size
    of_page = f'class="{page_class}" ' if page_class else ""
    return "".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {of_page}role="img" ',
            f'width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
            f"<title>{safe(title)}</title>",
            style,
            f'<rect class="ground" width="{width}" height="{height}"/>',
            *parts,
            "</svg>\n",
        ]
    )
