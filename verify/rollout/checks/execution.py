"""Every file of execution and of the live flow is as the baseline has it, and none is new, missing or hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.rollout.rules import Group
from verify.rollout.unchanged import unchanged

if TYPE_CHECKING:
    from verify.rollout.context import Context
    from verify.rollout.findings import Result

ID = "execution_unchanged"
TITLE = "Execution unchanged"
CLAIM = (
    "Every file of execution and of the live trading flow is as the baseline has it, and none is new, missing or "
    "hidden."
)


def check(context: Context) -> Result:
    """Return whether it is true of the tree."""
    return unchanged(context, Group.EXECUTION, id=ID, title=TITLE, claim=CLAIM)
