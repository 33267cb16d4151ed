"""The generated claims of a run on the page: what was drawn for each, and the smallest example of a broken one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.claims_text import CLAIM_HEADS, broken_claims, claim_rows, claims_of, drawn_in_words
from reports.html.markup import Markup, mark, section, table, tag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reports.judged_run import JudgedPart, JudgedRun


def claims_section(judged: JudgedRun) -> Markup:
    """Return the claims of each part; nothing where none was tried."""
    found = [each for part in judged.parts if not part.is_as_expected for each in _claims(part)]
    return section("claims", "What was claimed", *found) if found else Markup()


def _claims(part: JudgedPart) -> Iterator[Markup]:
    claims = claims_of(part)
    if claims is None:
        return
    yield tag("h3", part.stored.name)
    yield tag("p", drawn_in_words(claims))
    rows = ([mark(verdict), *rest] for verdict, *rest in claim_rows(claims))
    yield table("Claims, with the examples that were drawn for each", CLAIM_HEADS, rows)
    for name, sentence, example in broken_claims(claims):
        yield tag("p", f"{name}: {sentence}. The smallest example:")
        yield tag("ol", *(tag("li", tag("code", line)) for line in example))
