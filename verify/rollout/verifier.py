"""Runs all checks on a tree. A check that fails itself is UNKNOWN, never passed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.rollout.checks.registry import CHECKS
from verify.rollout.errors import CannotCheckError, RolloutError
from verify.rollout.findings import Report, Result, unknown
from verify.rollout.path_text import to_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from verify.rollout.checks.registry import Check
    from verify.rollout.context import Context
    from verify.rollout.rules import Rules


def verify(context: Context, *, baseline: str, checks: Iterable[Check] = CHECKS) -> Report:
    """Return what the checks say of the tree.

    Args:
        context: What may be looked at.
        baseline: What it is compared with, as the user named it.
        checks: Which checks are run.
    """
    results = tuple(_run(check, context) for check in checks)
    return Report(baseline=to_text(baseline), results=results, is_fast=context.cache is not None)


def _run(check: Check, context: Context) -> Result:
    try:
        return check.check(context)
    except CannotCheckError as error:
        said = str(error)
    except Exception as error:  # noqa: BLE001 - a check that fails has shown nothing, and the others go on
        said = f"the check failed itself: {type(error).__name__}: {error}"
    return Result(id=check.ID, title=check.TITLE, claim=check.CLAIM, findings=(unknown(said),), evidence=())


def expected_flags(rules: Rules, names: Iterable[str]) -> frozenset[str]:
    """Return the flags that must be on.

    Raises:
        RolloutError: One of them is no flag of a guard and no expected key of the configuration.
    """
    known = {guard.flag for guard in rules.guards if guard.flag} | set(
        rules.defaults.expected if rules.defaults else ()
    )
    wanted = frozenset(names)
    if odd := sorted(wanted - known):
        raise RolloutError(
            f"--expect-enabled {odd[0]} is no flag of the rules; expected one of {', '.join(sorted(known))}"
        )
    return wanted
