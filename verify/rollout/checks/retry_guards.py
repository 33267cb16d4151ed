"""The guards that keep a retried job from running twice are there and work on a real Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.rollout.guards import guards_active
from verify.rollout.rules import GuardKind

if TYPE_CHECKING:
    from verify.rollout.context import Context
    from verify.rollout.findings import Result

ID = "retry_guards_active"
TITLE = "Retry guards active"
CLAIM = (
    "Every required retry guard can be imported, is where the application uses it, and on a real Redis runs a job "
    "once: refused meanwhile, replayed or refused afterwards."
)


def check(context: Context) -> Result:
    """Return whether it is true of the tree."""
    return guards_active(context, GuardKind.RETRY, id=ID, title=TITLE, claim=CLAIM)
