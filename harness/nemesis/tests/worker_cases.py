"""Workers that stop or die."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from harness.errors import CouldNotRunError
from harness.nemesis import worker_kill, worker_pause
from harness.nemesis.tests.case import Case
from harness.nemesis.tests.sites import DEADLINE_S, KEY, ORDER, busy_worker, one_worker
from verify.history.events import Complete, Died, EffectCall, Invoke

if TYPE_CHECKING:
    from harness.nemesis.site import Site
    from verify.history.events import Event


def does_not_work(site: Site) -> None:
    """Assert that the worker does not take up what it is given."""
    site.the_crew.give(site.worker, KEY, ORDER)
    with pytest.raises(CouldNotRunError, match="not done"):
        site.the_crew.listen_until(lambda: site.the_crew.is_idle, deadline_s=0.2)


def works(site: Site) -> None:
    """Assert that the worker does what it was given."""
    site.the_crew.listen_until(lambda: site.the_crew.is_idle, deadline_s=DEADLINE_S)
    assert isinstance(site.the_crew.events[-1], Complete)


def died(site: Site, *, said: list[type[Event]], has_key: bool, in_book: int) -> None:
    """Assert how far the worker came: what it said, whether its claim is there, how many effects landed."""
    assert [type(event) for event in site.the_crew.events] == said
    assert site.the_server.client().exists(f"once:{KEY}") == has_key
    assert len(site.the_venue.read_book().entries) == in_book
    assert site.the_crew.pids == []


def another_works(site: Site) -> None:
    """Assert that the way is clear: a worker that is hired now does another order to its end."""
    assert site.the_proxy.toxics() == {}
    site.the_crew.hire(["w1"])
    site.the_crew.give("w1", "another", ORDER)
    site.the_crew.listen_until(lambda: site.the_crew.is_idle, deadline_s=DEADLINE_S)
    assert isinstance(site.the_crew.events[-1], Complete)


CASES = (
    Case(fault=worker_pause.FAULT, site=one_worker, during=does_not_work, after=works),
    Case(
        fault=worker_kill.FAULT,
        site=one_worker,
        during=partial(died, said=[], has_key=False, in_book=0),
        after=another_works,
        variant="anywhere",
    ),
    Case(
        fault=worker_kill.FAULT,
        site=busy_worker,
        during=partial(died, said=[Invoke, Died], has_key=False, in_book=0),
        after=another_works,
        arguments={"at": "request"},
        variant="request",
    ),
    Case(
        fault=worker_kill.FAULT,
        site=busy_worker,
        during=partial(died, said=[Invoke, Died], has_key=True, in_book=0),
        after=another_works,
        arguments={"at": "reply", "command": "SET"},
        variant="reply",
    ),
    Case(
        fault=worker_kill.FAULT,
        site=busy_worker,
        during=partial(died, said=[Invoke, EffectCall, Died], has_key=True, in_book=1),
        after=another_works,
        arguments={"at": "effect"},
        variant="effect",
    ),
)
