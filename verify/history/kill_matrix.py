"""The kill matrix: planted guard x checker x tier, what was missed, and what was accused without a bug.

It is a function of the judged parts of a self-test, and holds no time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from verify.history.campaign import broken_by
from verify.history.judge import EXPLORE
from verify.history.words import Verdict
from verify.run_layout import PROPERTIES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CAUGHT, MISSED, NOT_SHOWN = "caught", "missed", "not shown"
_IN_SCHEDULES = (EXPLORE, PROPERTIES)
"""Tiers whose histories are schedules; a story and a storm are one run each."""


def kill_matrix(parts: Sequence[tuple[Mapping[str, Any], str | None]]) -> dict[str, Any]:
    """Return the matrix as a JSON object.

    Args:
        parts: The verdict object of each check of the instrument with the checker that must find it; None where
            nothing may be found.

    Returns:
        ``claims``: for each planted guard and tier that was to catch it ``guard``, ``tier``, ``part``, ``checker``,
        ``caught_by`` and ``seen``. ``missed``, ``false_alarms`` and ``not_shown``: names of parts. ``sound``:
        how many ``parts`` without a bug there were, and how many ``schedules`` of them.
    """
    claims, alarms, unshown, sound, schedules = [], [], [], 0, 0
    for verdict, checker in parts:
        caught_by = broken_by(verdict)
        if checker is not None:
            claims.append(_claim(verdict, checker, caught_by))
            continue
        sound += 1
        schedules += verdict["schedules"] if verdict["tier"] in _IN_SCHEDULES else 0
        if caught_by:
            alarms.append(verdict["name"])
        elif verdict["verdict"] != Verdict.VALID:
            unshown.append(verdict["name"])
    return {
        "claims": claims,
        "missed": [claim["part"] for claim in claims if claim["seen"] == MISSED],
        "false_alarms": alarms,
        "not_shown": [*(claim["part"] for claim in claims if claim["seen"] == NOT_SHOWN), *unshown],
        "sound": {"parts": sound, "schedules": schedules},
    }


def is_blind(matrix: Mapping[str, Any]) -> bool:
    """Say whether a planted guard was missed, or a sound one accused."""
    return bool(matrix["missed"] or matrix["false_alarms"])


def _claim(verdict: Mapping[str, Any], checker: str, caught_by: list[str]) -> dict[str, Any]:
    # Where nothing can be concluded, nothing was overlooked either.
    unseen = NOT_SHOWN if verdict["verdict"] == Verdict.UNKNOWN else MISSED
    return {
        "guard": verdict["subject"].partition(".")[2],
        "tier": verdict["tier"],
        "part": verdict["name"],
        "checker": checker,
        "caught_by": caught_by,
        "seen": CAUGHT if checker in caught_by else unseen,
    }
