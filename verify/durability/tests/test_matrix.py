"""The matrix of the validator: what it forbids, what it allows, and what it does not know."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from verify.durability.cell import Append, Configuration, Crash, Level, Measured, Word, read_cells
from verify.durability.matrix import NAME, Fate, at_the_venue
from verify.durability.tests.cells import EVICTS_NOTHING_YET, cell, history, judged
from verify.history.record import MalformedRecordError
from verify.history.words import Outcome, Verdict

LOST: dict[str, Any] = {"kept": 7}
REFUSED: dict[str, Any] = {"in_calm": 0, "done": 0}

ALLOWED = {
    "OK, and all is kept": [cell()],
    "OK, and the machine loses nothing either": [cell(), cell(crash=Crash.TAIL_CUT, history=2)],
    "WARNING, and a power loss takes something": [
        cell(Level.WARNING),
        cell(Level.WARNING, Crash.TAIL_CUT, history=2, **LOST),
    ],
    "WARNING, and a failover takes something": [
        cell(Level.WARNING),
        cell(Level.WARNING, Crash.FAILOVER, history=2, **LOST),
    ],
    "WARNING for a reason that is cited": [cell(word=Word(level=Level.WARNING, flags=(EVICTS_NOTHING_YET,)))],
    "CRITICAL, and a killed process loses something": [cell(Level.CRITICAL, **LOST)],
    "CRITICAL, and memory pressure takes something": [
        cell(Level.CRITICAL),
        cell(Level.CRITICAL, Crash.MEMORY_PRESSURE, history=2, **LOST),
    ],
    "CRITICAL, and no claim is answered": [cell(Level.CRITICAL, **REFUSED)],
}

FORBIDDEN = {
    "OK, yet a killed process lost something": ([cell(**LOST)], "said OK, yet 7 of 8"),
    "OK, yet a failover lost something": ([cell(crash=Crash.FAILOVER, **LOST)], "failover: the validator said OK"),
    "OK, yet no claim was answered": ([cell(**REFUSED)], "no claim was answered in calm"),
    "WARNING, yet a killed process lost something": ([cell(Level.WARNING, **LOST)], "only warned, yet 7 of 8"),
    "WARNING, and nothing is lost": ([cell(Level.WARNING)], "said WARNING, but under process_kill nothing"),
    "CRITICAL, and nothing is lost": ([cell(Level.CRITICAL)], "said CRITICAL, but under process_kill nothing"),
    "CRITICAL, and only a power loss takes something": (
        [cell(Level.CRITICAL), cell(Level.CRITICAL, Crash.TAIL_CUT, history=2, **LOST)],
        "nothing of that kind was lost",
    ),
    "CRITICAL with a citation of a WARNING": (
        [cell(word=Word(level=Level.CRITICAL, flags=(EVICTS_NOTHING_YET,)))],
        "said CRITICAL",
    ),
}

NOT_KNOWN = {
    "a crash without a witness": ([cell(witness="")], "nothing shows that the crash happened"),
    "an unwitnessed crash that lost something": ([cell(witness="", **LOST)], "nothing shows that the crash happened"),
    "a false alarm of which one crash was not seen": (
        [cell(Level.WARNING), cell(Level.WARNING, Crash.TAIL_CUT, history=2, witness="")],
        "nothing shows that the crash happened",
    ),
    "nothing that could have been lost": ([cell(acknowledged=0, kept=0)], "nothing was acknowledged"),
    "a validator that could not see": ([cell(Level.UNKNOWN)], "the validator could not see the server"),
    "no cell at all": ([], "no cell of the lattice was measured"),
}


@pytest.mark.parametrize("cells", ALLOWED.values(), ids=ALLOWED)
def test_word_with_a_reason_is_allowed(cells: list[Measured]) -> None:
    """What was measured, or is cited, bears the word out."""
    judgement, section = judged(cells)
    assert (judgement.verdict, section["forbidden"]) == (Verdict.VALID, [])


@pytest.mark.parametrize(("cells", "said"), FORBIDDEN.values(), ids=FORBIDDEN)
def test_forbidden_cell_is_named(cells: list[Measured], said: str) -> None:
    """The verdict is INVALID, and its finding names the configuration and what was seen."""
    judgement, section = judged(cells)
    (finding,) = [one for one in judgement.findings if one.checker == NAME]
    assert judgement.verdict is Verdict.INVALID
    assert said in finding.sentence
    assert cells[0].configuration.name in finding.sentence
    assert section["forbidden"] == [finding.sentence]


@pytest.mark.parametrize(("cells", "said"), NOT_KNOWN.values(), ids=NOT_KNOWN)
def test_what_was_not_shown_is_unknown(cells: list[Measured], said: str) -> None:
    """Nothing is called kept, and nobody is blamed, where it was not seen."""
    judgement, section = judged(cells)
    assert judgement.verdict is Verdict.UNKNOWN
    assert any(said in reason for reason in judgement.reasons)
    assert section["forbidden"] == []


def test_configurations_answer_for_themselves() -> None:
    """A loss of one configuration is no reason to flag another one."""
    other = Configuration(append=Append.OFF)
    judgement, section = judged([cell(Level.CRITICAL), cell(Level.CRITICAL, history=2, configuration=other, **LOST)])
    assert judgement.verdict is Verdict.INVALID
    assert section["matrix"] == {"CRITICAL": {Fate.KEPT: 1, Fate.LOST: 1}}


def test_effect_that_landed_twice_is_no_secret() -> None:
    """Two lines in the book are a duplicate, whatever the server kept."""
    judgement, section = judged([cell()], {1: history(landings=2)})
    assert judgement.verdict is Verdict.INVALID
    assert section["cells"][0]["fate"] == Fate.DUPLICATED
    assert "landed twice" in section["forbidden"][0]


def test_acknowledged_order_that_is_not_in_the_book_is_lost() -> None:
    """The guard said OK, the book holds nothing, and so the cell lost it although every plain write is there."""
    lost = [event for event in history() if event.event != "landed"]
    _, section = judged([cell()], {1: lost})
    assert (section["cells"][0]["fate"], section["cells"][0]["losses"]) == (Fate.LOST, 1)


def test_refused_redelivery_is_open_and_not_lost() -> None:
    """An order that was acknowledged once and refused later is in the book: an operator has to settle the store."""
    seen = at_the_venue(history(last=Outcome.FAIL))
    assert (seen.duplicates, seen.losses, seen.unanswered) == (0, 0, 1)
    assert judged([cell()], {1: history(last=Outcome.FAIL)})[0].verdict is Verdict.VALID


def test_cell_without_its_history_is_unknown() -> None:
    """What the book says of it is not known."""
    judgement, section = judged([cell(), cell(history=2)], {1: history()})
    assert judgement.verdict is Verdict.UNKNOWN
    assert len(section["cells"]) == 1


def test_cell_is_stored_whole() -> None:
    """What is written is what is read; anything else is refused."""
    flagged = replace(cell(), word=Word(level=Level.WARNING, flags=(EVICTS_NOTHING_YET,)))
    assert read_cells({"schema": 1, "cells": [flagged.to_object()]}) == [flagged]
    without = {name: value for name, value in flagged.to_object().items() if name != "kept"}
    for stored in (without, {**flagged.to_object(), "crash": "flood"}, {**flagged.to_object(), "word": None}, None):
        with pytest.raises(MalformedRecordError):
            Measured.from_object(stored)
    with pytest.raises(MalformedRecordError):
        read_cells({"schema": 2, "cells": []})
