"""What is drawn depends on the seed alone, and what Hypothesis says of an example comes out as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.internal.conjecture import providers

from harness.conformance.drawing import NotShownError, as_example, first_broken, seed_for, settings_of
from harness.conformance.profile import CI, PROFILES

if TYPE_CHECKING:
    from collections.abc import Callable


def drawn(check: Callable[[int], None], **strategies: st.SearchStrategy[int]) -> Exception | None:
    """Draw examples for a check."""
    given = hypothesis.given(**strategies)(check)
    return first_broken(hypothesis.seed(3)(settings_of(CI, None)(given)))


def test_no_constant_of_a_loaded_module_is_drawn() -> None:
    """Which modules are loaded, and from where, depends on the installation; afterwards all is as it was."""
    seen = []
    before = providers._get_local_constants

    def check(number: int) -> None:
        seen.append(len(providers._get_local_constants()))

    assert drawn(check, number=st.integers()) is None
    assert set(seen) == {0}
    assert providers._get_local_constants is before


def test_example_is_shrunk_and_shown_with_its_sentence() -> None:
    """The arguments stand line by line, without what Hypothesis says around them."""

    def check(number: int) -> None:
        assert number < 10, f"{number} is too much"

    broken = drawn(check, number=st.integers(0, 1000))
    assert broken is not None
    example = as_example(broken)
    assert example.broken.startswith("10 is too much")
    # A plugin of pytest may have its own way to print values.
    assert (example.lines[0], example.lines[1][:11], example.lines[2]) == ("check(", "    number=", ")")


def test_what_is_raised_names_its_class() -> None:
    """An error that nobody meant to raise breaks a claim too."""

    def check(number: int) -> None:
        raise KeyError(number)

    broken = drawn(check, number=st.integers(0, 1))
    assert broken is not None
    assert as_example(broken).broken == "KeyError: 0"


def test_what_does_not_do_the_same_again_shows_nothing() -> None:
    """An example that broke a claim once is no evidence."""
    calls = []

    def check(number: int) -> None:
        calls.append(number)
        assert len(calls) != 5

    with pytest.raises(NotShownError, match="did not do the same again"):
        drawn(check, number=st.integers())


def test_each_claim_has_a_stream_of_its_own() -> None:
    """Another claim, or another run, draws something else; the same two draw the same."""
    assert seed_for(1, "a") == seed_for(1, "a") != seed_for(1, "b")
    assert seed_for(1, "a") != seed_for(2, "a")


def test_only_the_profile_of_ci_is_fixed() -> None:
    """It draws the same every time unless a seed is given; the others begin somewhere else."""
    assert [name for name, profile in PROFILES.items() if profile.is_fixed] == ["ci"]
    assert CI.seed_of(None) == 0
    assert {profile.seed_of(9) for profile in PROFILES.values()} == {9}
    assert PROFILES["dev"].seed_of(None) != PROFILES["dev"].seed_of(None)
