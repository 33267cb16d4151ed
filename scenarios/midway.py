"""Workers who have had an effect and have not marked it yet: brought there by the venue, seen there in the book."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scenarios.blow import Blow
    from scenarios.stage import Stage


def hold_midway(stage: Stage, deliveries: Iterable[tuple[str, str]], *, workers: int = 1, after: int = 0) -> None:
    """Deliver orders, and return when some of the workers that got them wait for the venue, or all have answered.

    However late this process is, they wait: the venue keeps its replies back from the first one on that it should.
    ``stage.venue.control.release()`` lets them go on.

    Args:
        stage: Where; nobody has anything to do.
        deliveries: Workers, and the keys of the orders that each one gets.
        workers: How many must have had an effect and wait.
        after: Effects that are answered before.
    """
    control = stage.venue.control
    answered = control.hold(after=after) + after
    for worker, key in deliveries:
        stage.give(worker, key)
    stage.until(lambda: len(control.take(answered)) >= workers or stage.crew.is_idle)


def see_midway(stage: Stage, blow: Blow, *, at_ns: int | None = None) -> None:
    """See that an order was in the book whose worker waited for the venue when it struck; ask when all is quiet.

    Args:
        stage: Where.
        blow: What struck.
        at_ns: When; None means the moment in which injecting began.
    """
    at_ns = blow.at_ns if at_ns is None else at_ns
    running = stage.running_at(at_ns)
    landed = [event for event in stage.venue.read_book().entries if (event.at_ns or 0) < at_ns]
    struck = [event for event in landed if event.process in running]
    if struck:
        blow.saw(f"{struck[0].key} was in the book and not yet marked, {len(running) - 1} other calls were under way")


def see_under_way(stage: Stage, blow: Blow) -> None:
    """See that calls were under way when it struck; ask when all is quiet."""
    running = stage.running_at(blow.at_ns)
    if running:
        blow.saw(f"{len(running)} calls were under way")
