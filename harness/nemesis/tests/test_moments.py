"""A fault at the one moment that matters: between an effect and the write that completes it."""

from __future__ import annotations

from harness.nemesis import oom
from harness.nemesis.tests.sites import DEADLINE_S, busy_worker
from verify.history.events import Complete, EffectReply
from verify.history.words import Outcome


def test_memory_runs_out_before_the_completion_write() -> None:
    """The claim was written, the effect landed, its mark is refused: the worker cannot say that it is done."""
    with busy_worker() as site:
        crew, control = site.the_crew, site.the_venue.control
        control.hold()
        crew.listen_until(lambda: len(control.take()) == 1, deadline_s=DEADLINE_S)
        with oom.inject(site) as strike:
            control.release()
            crew.listen_until(lambda: crew.is_idle, deadline_s=DEADLINE_S)
            assert "OutOfMemory" in strike.witness()
        *_, told, done = crew.events
    assert isinstance(told, EffectReply)
    assert told.answer == "receipt"
    assert isinstance(done, Complete)
    assert (done.outcome, done.detail) == (Outcome.INDETERMINATE, "OutOfMemoryError")
