"""Each claim holds of the core, is broken by something that has a bug, and is drawn again by its seed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness.conformance.profile import CI
from harness.explorer.tests.exploring import NEEDS_CLOCK
from properties.registry import CLAIMS
from properties.tests.suspects import SUSPECTS
from properties.trying import try_claim
from verify.history.words import Verdict

if TYPE_CHECKING:
    from properties.tests.suspects import Suspect

FEW, MANY = replace(CI, examples=25), replace(CI, examples=300)


def marks(claim: str) -> tuple[pytest.MarkDecorator, ...]:
    """Return what the test of a claim needs."""
    return (NEEDS_CLOCK,) if CLAIMS[claim].needs_clock else ()


@pytest.mark.parametrize("name", [pytest.param(name, marks=marks(name), id=name) for name in CLAIMS])
def test_claim_holds_of_the_core(name: str) -> None:
    """No example breaks it, and examples were drawn."""
    claimed = try_claim(CLAIMS[name], FEW, 0)
    assert (claimed.verdict, claimed.broken, claimed.example) == (Verdict.VALID, "", ())
    assert claimed.examples >= 20
    assert claimed.says == CLAIMS[name].says


@pytest.mark.parametrize(
    ("name", "words", "suspect"),
    [pytest.param(*each, marks=marks(each[0]), id=f"{each[0]}-{each[1]}") for each in SUSPECTS],
)
def test_claim_is_broken_by_a_bug(name: str, words: str, suspect: Suspect) -> None:
    """The sentence says what is wrong, and the smallest example is shown."""
    claimed = try_claim(CLAIMS[name], MANY, 0, suspect=suspect)
    assert claimed.verdict is Verdict.INVALID
    assert words in claimed.broken
    assert claimed.example[0] == f"{name}("


def test_every_claim_has_a_bug_that_breaks_it() -> None:
    """A claim that nothing can break says nothing."""
    assert {name for name, _, _ in SUSPECTS} == CLAIMS.keys()


def test_seed_draws_the_same_again() -> None:
    """What breaks a claim is found again by its seed, example for example; another claim has its own stream."""
    name, _, suspect = next(each for each in SUSPECTS if each[0] == "cardinality_guard")
    once, again, other = (try_claim(CLAIMS[name], FEW, seed, suspect=suspect) for seed in (5, 5, 6))
    assert once == again
    assert other.examples != once.examples or other.example != once.example
