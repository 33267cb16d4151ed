"""The core's circuit breaker as a subject: explored like any guard, judged by what its calls show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.errors import WrongInputError
from harness.explorer.tests.exploring import NEEDS_CLOCK, explore
from harness.faults.kind import Target
from harness.faults.registry import ALL, select
from harness.subjects.contract import describe_subject
from harness.subjects.loading import load_subject
from verify.history.events import Complete
from verify.history.words import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from harness.redis_server.server import RedisServer

TOUCHY = load_subject("breaker.touchy")
KINDS = [
    name for name, kind in ALL.items() if kind.target is not Target.STORE and not TOUCHY.is_outside("waves", [name])
]


@NEEDS_CLOCK
@pytest.mark.in_turn(0)
@pytest.mark.parametrize("kind", KINDS)
def test_the_breaker_keeps_its_promise_under_every_kind(kind: str, redis_server: RedisServer, tmp_path: Path) -> None:
    """Whatever strikes: nobody calls while it is open, one probes at a time, and it closes again."""
    explored = explore(
        redis_server, tmp_path, TOUCHY, workers=2, faults=1, kinds=select([kind]), workloads=("waves",), reduces=True
    )
    judgement = explored.judge()
    assert judgement.reasons == ()
    assert [finding.sentence for finding in judgement.findings if finding.decides] == []
    assert judgement.verdict is Verdict.VALID


@NEEDS_CLOCK
def test_the_breaker_opens_at_its_threshold(redis_server: RedisServer, tmp_path: Path) -> None:
    """Three calls fail, and of the two that come next to it, one is refused."""
    explored = explore(
        redis_server,
        tmp_path,
        load_subject("breaker"),
        workers=2,
        faults=0,
        kinds=(),
        workloads=("waves",),
        reduces=True,
    )
    assert explored.judge().verdict is Verdict.VALID
    events = [event for history in explored.histories.values() for event in history]
    refused = {event.word for event in events if isinstance(event, Complete)}
    assert "open" in refused


@pytest.mark.parametrize(
    "said", [None, {}, {"failures": 3}, {"failures": 0, "probes": 1}, {"failures": True, "probes": 1}, 3]
)
def test_terms_that_are_none_are_refused_in_one_line(said: object) -> None:
    """Who promises a breaker must say when it opens and how many may probe."""

    def make(_redis_url: str, _lease_s: float) -> object:
        raise AssertionError("nobody calls it")

    make.promise = "circuit_breaker"  # type: ignore[attr-defined]
    make.breaker = said  # type: ignore[attr-defined]
    with pytest.raises(WrongInputError, match=r"make\.breaker"):
        describe_subject("mine", lambda: make, None)  # type: ignore[return-value,arg-type]
