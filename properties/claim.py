"""What a claim about the core is: a sentence, what is drawn, and how one example is tried. Tries nothing itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from hypothesis import strategies as st


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One claim.

    Attributes:
        name: Its name, which is that of its module.
        says: What it claims, in one sentence.
        drawn: What is drawn for one example, by the names of the parameters of ``check``.
        check: Tries one example of the suspect, which comes first; raises where the example breaks the claim.
        suspect: Sets up what the claim is about; a test hands in another one, to see that the claim can be broken.
        needs_clock: Whether the server's clock must be ours to move.
    """

    name: str
    says: str
    drawn: Mapping[str, st.SearchStrategy[Any]]
    check: Callable[..., None]
    suspect: Callable[[], AbstractContextManager[Any]]
    needs_clock: bool = False


class BrokenClaimError(AssertionError):
    """An example breaks a claim."""


def demand(holds: object, otherwise: str) -> None:
    """Raise BrokenClaimError with the sentence *otherwise* unless what is claimed holds.

    No assert statement: Python leaves those out where it is told to optimise, and the claim could not be broken.
    """
    if not holds:
        raise BrokenClaimError(otherwise)
