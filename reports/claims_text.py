"""The generated claims of a judged part, in words: one line for each, and the smallest example of a broken one.

It repeats what was decided and decides nothing itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from verify.run_layout import PROPERTIES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reports.judged_run import JudgedPart

CLAIM_HEADS = ("verdict", "claim", "examples", "what it says")


def claims_of(part: JudgedPart) -> Mapping[str, Any] | None:
    """Return the section of a part's verdict that holds generated claims; None for any other part."""
    section: Mapping[str, Any] | None = part.object.get(PROPERTIES)
    return section


def drawn_in_words(section: Mapping[str, Any]) -> str:
    """Return how much was drawn, and how the same is drawn again."""
    rounds = section["rounds"]
    often = "one round" if rounds == 1 else f"{rounds} rounds, each from another seed"
    return f"profile {section['profile']}, {often}; the last one again: {section['again']}"


def claim_rows(section: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield a row for each claim."""
    for claim in section["claims"]:
        yield claim["verdict"], claim["name"], str(claim["examples"]), claim["says"]


def broken_claims(section: Mapping[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
    """Yield name, sentence and smallest example of each claim that was broken."""
    for claim in section["claims"]:
        if claim["broken"]:
            yield claim["name"], claim["broken"], claim["example"]


def as_text(section: Mapping[str, Any]) -> str:
    """Return all of it as plain text."""
    lines = [drawn_in_words(section)]
    lines += [
        f"{verdict}: {name}, {examples} examples: {says}" for verdict, name, examples, says in claim_rows(section)
    ]
    for name, sentence, example in broken_claims(section):
        lines += ["", f"{name}: {sentence}", *(f"    {line}" for line in example)]
    return "\n".join(lines) + "\n"
