"""Ten places at which a job can be cut off between its claim and its next step; a story is told of each.

A worker is held exactly there and killed; at the tenth, P9, the store is struck instead (`store_forgets`). Before the
lease is over, two others get the same order at once, and one of them may ask the venue. Past the lease everything is
delivered again. A correct guard has the order in the book exactly once in the end, or says that it is in doubt. What
a broken one does at each point is said there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from harness.nemesis import worker_kill
from scenarios.places import answered, at_command, at_venue
from scenarios.story import Category, Story
from scenarios.succession import succeed

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from scenarios.commands import Steps
    from scenarios.places import Held
    from scenarios.stage import Stage

_STRUCK = "w0"
_SECOND = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class CrashPoint:
    """The story of one point.

    Attributes:
        STORY: What it tells.
        at: The point, in a few words.
        place: Holds the worker there.
        tale: What has happened by then, and what a broken guard does.
    """

    STORY: Story
    at: str
    place: Callable[[Stage, str], AbstractContextManager[Held]]
    tale: str

    def play(self, stage: Stage) -> None:
        """Hold a worker there, kill it, let others come before the lease is over and after it."""
        key = self._strike(stage)
        if key:
            stage.phase("redeliver_early")
            succeed(stage, key)
        control = stage.venue.control
        for ticket in control.late_tickets():
            control.release_late(ticket)
        stage.heal()
        stage.redeliver()

    def _strike(self, stage: Stage) -> str:
        stage.site.worker = _STRUCK
        with self.place(stage, _STRUCK) as held:
            key = held.wait()
            if key:
                with stage.strike(worker_kill.FAULT, at=self.at) as blow:
                    blow.saw(held.seen())
        return key


def _point(
    number: int, at: str, catches: str, place: Callable[[Stage, str], AbstractContextManager[Held]], tale: str
) -> CrashPoint:
    """Return the story of point *number*."""
    story = Story(
        name=f"crash_at_p{number}",
        category=Category.CRASH,
        what=f"A worker is killed at P{number}: {at}.",
        kinds=("worker_kill",),
        catches=(catches,),
        workers=3,
        is_proxied=True,
    )
    return CrashPoint(STORY=story, at=at, place=place, tale=tale)


def _request(nth: Callable[[Steps], int], *, lands: bool = False) -> Callable[..., AbstractContextManager[Held]]:
    return partial(at_command, stream="upstream", nth=nth, lands=lands)


def _reply(nth: Callable[[Steps], int], *, lands: bool = False) -> Callable[..., AbstractContextManager[Held]]:
    return partial(at_command, stream="downstream", nth=nth, lands=lands)


def _first(steps: Steps) -> int:
    return min(1, steps.before)


def _second(steps: Steps) -> int:
    return _SECOND if steps.before >= _SECOND else 0


def _last(steps: Steps) -> int:
    return steps.before


def _mark(steps: Steps) -> int:
    return steps.before + 1 if steps.after else 0


POINTS = (
    _point(
        0,
        "before the claim",
        "broken.claim_without_nx",
        _request(_first),
        "Nothing has happened, and two others come at once. A broken claim without NX lets both of them in.",
    ),
    _point(
        1,
        "claim sent, reply lost",
        "broken.claim_never_ends",
        _reply(_first),
        "The claim stands and nobody works on it. A broken claim without an end leaves the order stuck for ever.",
    ),
    _point(
        2,
        "claimed, not started",
        "broken.setnx_then_expire",
        _request(_second),
        "The first command has come through, the second has not. A broken claim of two commands never ends.",
    ),
    _point(
        3,
        "started, request not sent",
        "broken.result_stored_before_effect",
        _reply(_last),
        "All is ready for the effect, which never comes. A broken guard has stored its result already, and tells a "
        "successor OK of what never was.",
    ),
    _point(
        4,
        "request in flight",
        "broken.early_not_found_is_final",
        partial(at_venue, is_late=True),
        "The request is sent and not done; it is done after others have come. A broken guard takes the venue's 'not "
        "found' for final, frees the key, and the order is placed beside the late one.",
    ),
    _point(
        5,
        "venue done, reply lost",
        "broken.lease_as_ttl",
        at_venue,
        "The order is in the book, and nobody knows. A broken claim ends with the lease all the same.",
    ),
    _point(
        6,
        "reply received, before the mark",
        "broken.takeover_of_started",
        _request(_mark, lands=True),
        "The worker alone knew that the order is in the book. A broken guard takes over what had been started.",
    ),
    _point(
        7,
        "mark sent, reply lost",
        "broken.freed_before_mark",
        _reply(_mark, lands=True),
        "The first command after the effect has come through. A broken guard has freed its lock with it, and would "
        "have stored the result next.",
    ),
    _point(
        8,
        "marked, next step of the job not begun",
        "broken.replay_without_result",
        answered,
        "The order is answered, and the job's next step needs the answer again. A broken guard kept that it was "
        "done, but not with what result.",
    ),
)
