"""The score of the checkers in words: how many changed histories they noticed, and what of the rest is legal.

It repeats what was counted, and no verdict rests on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reports.stored_run import read_object
from verify.history.judge import RECORD
from verify.run_layout import SCORE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reports.judged_run import JudgedRun

UNNOTICED_HEADS = ("not noticed, and no reason known why it is legal", "mutants", "for example")

_WORDS = {RECORD: "nobody, since it cannot be read as a history any more:"}


def score_of(judged: JudgedRun) -> Mapping[str, Any] | None:
    """Return the score of a self-test's checkers; None where none was made.

    Raises:
        StoredRunError: It cannot be read.
    """
    path = judged.run.folder / SCORE
    return read_object(path) if path.is_file() else None


def score_lines(score: Mapping[str, Any]) -> Iterator[str]:
    """Yield what was noticed of the mutants, what is legal and why, and how many are neither."""
    made = score["mutants"]
    fates = ", ".join(
        f"{_share(score[fate], made)} {word}"
        for fate, word in (("noticed", "were noticed"), ("legal", "are legal"), ("not_noticed", "were not noticed"))
    )
    yield f"checkers: of {made:,} mutants of {score['histories']:,} good histories {fates}"
    yield "noticed by operation: " + ", ".join(
        f"{name} {_share(each['noticed'], each['mutants'])}" for name, each in score["operations"].items()
    )
    by = {_WORDS.get(name, name): number for name, number in score["noticed_by"].items()}
    yield "noticed by: " + ", ".join(f"{name} {number:,}" for name, number in by.items())
    for reason, number in score["legal_because"].items():
        yield f"legal, {number:,}: {reason}"


def unnoticed_rows(score: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield a row for each kind of mutant that nobody noticed and that no reason makes legal."""
    for each in score["not_noticed_at"]:
        example = each["example"]
        changed = f": {example['was']!r} became {example['is']!r}" if example["is"] is not None else ""
        yield each["what"], f"{each['mutants']:,}", f"{example['history']}, event {example['event']}{changed}"


def _share(part: int, of: int) -> str:
    return f"{part:,} ({part / of:.1%})" if of else "0"
