"""A crew of real processes: what they report, what is left when one is killed, and what a broken one says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import CouldNotRunError
from harness.processes.child import is_running
from harness.subjects.loading import load_subject
from harness.venue.mischief import lose_reply
from harness.venue.process import VenueProcess
from harness.workers.crew import Crew
from verify.history.events import Complete, Died, EffectCall, EffectReply, Invoke
from verify.history.words import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEADLINE_S = 30.0
ORDER = {"symbol": "BTCUSDT", "quantity": 1}


@pytest.fixture(name="venue")
def _venue() -> Iterator[VenueProcess]:
    with VenueProcess() as venue:
        yield venue


def _crew(redis_server: Any, venue: VenueProcess, subject: str = "twin.get_then_set") -> Crew:
    return Crew(
        subject=subject,
        redis_url=redis_server.url,
        venue=str(venue.socket_path),
        lease_s=2.0,
        request_life_s=2.1,
    )


def test_a_worker_reports_its_call_its_effect_and_its_answer(redis_server: Any, venue: VenueProcess) -> None:
    """One operation: called, asked the venue, told, answered; and the book has its line."""
    with _crew(redis_server, venue) as crew:
        crew.hire(["w0"])
        crew.give("w0", "k", ORDER)
        crew.listen_until(lambda: crew.is_idle, deadline_s=DEADLINE_S)
        assert [type(event) for event in crew.events] == [Invoke, EffectCall, EffectReply, Complete]
        answer = crew.events[-1]
        assert isinstance(answer, Complete)
        assert answer.outcome is Outcome.OK
        (landed,) = venue.read_book().entries
        assert (landed.key, landed.process) == ("k", "w0.1")


def test_an_ambiguous_answer_is_reported_as_such(redis_server: Any, venue: VenueProcess) -> None:
    """The venue did it and kept its reply: the worker was told of a timeout, and does not claim success."""
    venue.control.plan(lose_reply(), key="k", nth=1)
    with _crew(redis_server, venue) as crew:
        crew.hire(["w0"])
        crew.give("w0", "k", ORDER)
        crew.listen_until(lambda: crew.is_idle, deadline_s=DEADLINE_S)
        told = next(event for event in crew.events if isinstance(event, EffectReply))
        done = next(event for event in crew.events if isinstance(event, Complete))
    assert told.answer == "timeout"
    assert done.outcome is Outcome.INDETERMINATE


def test_another_worker_reconciles_an_effect_of_another_kind(redis_server: Any, venue: VenueProcess) -> None:
    """It has never called that key: what kind of effect is meant it is told, and the guard replays it afterwards."""
    load_subject("reference").prepare(redis_server.url)
    venue.control.plan(lose_reply(), key="k", nth=1)
    entry = {**ORDER, "effect_type": "ledger"}
    with _crew(redis_server, venue, "reference") as crew:
        crew.hire(["w0", "r1"])
        crew.give("w0", "k", entry, effect_type="ledger")
        crew.listen_until(lambda: crew.is_idle, deadline_s=DEADLINE_S)
        crew.give_reconcile("r1", "k", effect_type="ledger")
        crew.give("r1", "k", entry, effect_type="ledger", delivery=1)
        crew.listen_until(lambda: crew.is_idle, deadline_s=DEADLINE_S)
        first, again = (event.outcome for event in crew.events if isinstance(event, Complete))
    assert (first, again) == (Outcome.INDETERMINATE, Outcome.OK)
    assert len(venue.read_book().entries) == 1


def test_a_killed_worker_stays_dead_and_what_it_said_stays_said(redis_server: Any, venue: VenueProcess) -> None:
    """SIGKILL between effect and answer: the call and its effect are in the history, then the death, no answer."""
    control = venue.control
    control.hold()
    with _crew(redis_server, venue) as crew:
        crew.hire(["w0", "w1"])
        crew.give("w0", "k", ORDER)
        crew.listen_until(lambda: len(control.take()) == 1, deadline_s=DEADLINE_S)
        crew.kill("w0")
        control.release()
        said = [type(event) for event in crew.events]
        assert said == [Invoke, EffectCall, Died]
        crew.give("w1", "other", ORDER)
        crew.listen_until(lambda: crew.is_idle, deadline_s=DEADLINE_S)
        assert isinstance(crew.events[-1], Complete)


def test_the_workers_are_gone_afterwards(redis_server: Any, venue: VenueProcess) -> None:
    """No worker outlives its crew, busy or not."""
    venue.control.hold()
    with _crew(redis_server, venue) as crew:
        crew.hire(["w0", "w1"])
        crew.give("w0", "k", ORDER)
        crew.listen_until(lambda: len(venue.control.take()) == 1, deadline_s=DEADLINE_S)
        pids = crew.pids
        assert all(is_running(pid) for pid in pids)
    assert not any(is_running(pid) for pid in pids)


def test_a_worker_that_cannot_make_its_guard_is_named(redis_server: Any, venue: VenueProcess, tmp_path: Path) -> None:
    """The guard's own error reaches the user in one line."""
    bad = tmp_path / "bad.py"
    bad.write_text("def make(redis_url, lease_s):\n    raise RuntimeError('no key file')\n", "utf-8")
    with (
        _crew(redis_server, venue, f"{bad}:make") as crew,
        pytest.raises(CouldNotRunError, match="no key file"),
    ):
        crew.hire(["w0"])
