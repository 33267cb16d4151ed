"""HTML as values. Every text is escaped where it becomes part of one, so that no name can pose as markup."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from reports.judged_run import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

_VOID = frozenset({"br", "hr", "link", "meta"})


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def told(text: str) -> Markup:
    """Return *text* as HTML, without secrets and control characters."""
    return Markup(escape(plain(text)))


def together(*children: str | Iterable[str]) -> Markup:
    """Return the children as one piece of HTML; what is no markup yet is escaped."""
    parts: list[str] = []
    for child in children:
        if isinstance(child, Markup):
            parts.append(child)
        elif isinstance(child, str):
            parts.append(told(child))
        else:
            parts.extend(each if isinstance(each, Markup) else told(each) for each in child)
    return Markup("".join(parts))


def tag(element: str, /, *children: str | Iterable[str], **attributes: str | None) -> Markup:
    """Return one element.

    Args:
        element: Its name.
        children: What is in it.
        attributes: Of the element; ``_`` stands for a hyphen, one at the end is dropped, None leaves one out.
    """
    named = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(plain(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if element in _VOID:
        return Markup(f"<{element}{named}>")
    return Markup(f"<{element}{named}>{together(*children)}</{element}>")


def table(caption: str, heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Markup:
    """Return a table with a caption; the first cell of each row heads it."""
    body = []
    for row in rows:
        first, *others = row
        body.append(tag("tr", tag("th", first, scope="row"), *(tag("td", cell) for cell in others)))
    head = tag("tr", *(tag("th", each, scope="col") for each in heads))
    whole = tag("table", tag("caption", caption), tag("thead", head), tag("tbody", *body))
    # A wide table scrolls by itself, and with the keyboard too.
    return tag("div", whole, class_="wide", tabindex="0", role="region", aria_label=caption)


def listed(items: Iterable[str]) -> Markup:
    """Return an unordered list; nothing for none."""
    found = [tag("li", item) for item in items]
    return tag("ul", *found) if found else Markup()


def command(line: str) -> Markup:
    """Return a line to paste."""
    return tag("pre", tag("code", line), class_="command", tabindex="0")


def link(target: str, *children: str) -> Markup:
    """Return a link within the page."""
    return tag("a", *children, href=f"#{target}")


def section(identity: str, title: str, *children: str | Iterable[str]) -> Markup:
    """Return a section with its heading of the second level."""
    heading = f"{identity}-title"
    return tag("section", tag("h2", title, id=heading), *children, id=identity, aria_labelledby=heading)


def mark(word: str) -> Markup:
    """Return a verdict, a fate or a level as a badge: the word says it, the colour repeats it."""
    return tag("span", word, class_=f"mark {word.partition(' ')[0].lower()}")
