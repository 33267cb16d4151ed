"""The eight checks, in the order of the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from verify.rollout.checks import (
    adaptive_isolated,
    config_defaults,
    execution,
    frozen_model,
    idempotency,
    paper_pipeline,
    retry_guards,
    risk_gates,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from verify.rollout.context import Context
    from verify.rollout.findings import Result


class Check(Protocol):
    """What a module of this folder holds."""

    ID: str
    TITLE: str
    CLAIM: str

    @property
    def check(self) -> Callable[[Context], Result]:
        """Return what it says of a tree."""


CHECKS: tuple[Check, ...] = (
    paper_pipeline,
    execution,
    risk_gates,
    frozen_model,
    adaptive_isolated,
    retry_guards,
    idempotency,
    config_defaults,
)
"""All of them; a check that is not here is not run."""
