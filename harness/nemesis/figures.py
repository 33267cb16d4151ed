"""Checks figures that a fault is given, in one wording. Knows nothing of any fault."""

from __future__ import annotations

from harness.errors import WrongInputError


def check_at_least(fault: str, least: float, **given: float) -> None:
    """Check that figures of *fault* are *least* or more.

    Raises:
        WrongInputError: One is below.
    """
    for name, value in given.items():
        if value < least:
            raise WrongInputError(f"{fault}: {name} must be {least:g} or more, not {value:g}")
