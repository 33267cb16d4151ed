"""How Sphinx makes one site of these pages. Of a link that leads out of the site, the words are left."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pygments.lexers.data import JsonLexer

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "stormproof"
extensions = ["myst_parser"]
html_theme = "furo"
exclude_patterns = ["prometheus"]
myst_heading_anchors = 3


def _without_links_to_files(_app: Sphinx, name: str, source: list[str]) -> None:
    """Leave the words of each link that goes up more folders than the page is deep."""
    up = name.count("/") + 1
    outside = re.compile(rf"(?<!!)\[([^\]]*)\]\((?:\.\./){{{up},}}[^)]*\)")
    source[0] = outside.sub(r"\1", source[0])


def setup(app: Sphinx) -> dict[str, Any]:
    """Tell Sphinx of it, and of lines of JSON."""
    app.connect("source-read", _without_links_to_files)
    app.add_lexer("jsonl", JsonLexer)
    return {"parallel_read_safe": True}
