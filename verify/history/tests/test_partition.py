"""A history judged in pieces is judged as a whole: same verdict, same findings, same positions in its sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verify.history import judge
from verify.history.events import Died, Fault, Invoke, Landed, Phase
from verify.history.judge import judge_history
from verify.history.partition import partition
from verify.history.promises import DEFAULT_PROMISE
from verify.history.tests.histories import good_history
from verify.history.words import Verdict

if TYPE_CHECKING:
    from verify.history.events import Event

GOOD = tuple(good_history(60))
SHARED = (Fault, Phase, Died)


@pytest.fixture(name="small_pieces")
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge, "partition", lambda events: partition(events, piece=16))


@given(st.integers(min_value=1, max_value=len(GOOD) + 1))
def test_pieces_hold_every_event_of_every_key_once(piece: int) -> None:
    """Nothing is dropped and nothing stands twice, but for what concerns everybody."""
    pieces = list(partition(GOOD, piece=piece))
    keyed = [
        position for part in pieces for position in part.positions if not isinstance(GOOD[position], Fault | Phase)
    ]
    assert sorted(keyed) == [at for at, event in enumerate(GOOD) if not isinstance(event, Fault | Phase)]
    for part in pieces:
        assert list(part.events) == [GOOD[position] for position in part.positions]
        assert list(part.positions) == sorted(part.positions)


def test_no_key_is_split() -> None:
    """All events of a key stand in one piece, however small the pieces are."""
    for piece in (1, 16, 64):
        seen: set[str] = set()
        for part in partition(GOOD, piece=piece):
            keys = {event.key for event in part.events if isinstance(event, Invoke | Landed)}
            assert not keys & seen
            seen |= keys


@pytest.mark.usefixtures("small_pieces")
def test_a_long_good_history_is_valid_in_pieces() -> None:
    """Every piece of a good history is good."""
    assert judge_history(GOOD, DEFAULT_PROMISE).verdict is Verdict.VALID


def test_a_defect_is_found_in_pieces_as_in_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second landing of one key in the middle gives the same findings either way."""
    landed = [(at, event) for at, event in enumerate(GOOD) if isinstance(event, Landed)]
    at, event = landed[len(landed) // 2]
    bad: tuple[Event, ...] = (*GOOD[: at + 1], event, *GOOD[at + 1 :])
    whole = judge_history(bad, DEFAULT_PROMISE)
    monkeypatch.setattr(judge, "partition", lambda events: partition(events, piece=16))
    pieces = judge_history(bad, DEFAULT_PROMISE)
    assert whole.verdict is pieces.verdict is Verdict.INVALID
    assert set(whole.findings) == set(pieces.findings)


@pytest.mark.usefixtures("small_pieces")
def test_an_operation_number_used_twice_is_seen_across_pieces() -> None:
    """A damaged record stays damaged in pieces."""
    first = next(event for event in GOOD if isinstance(event, Invoke))
    twice = Invoke(process="other", op=first.op, key="elsewhere", payload="p")
    assert judge_history((*GOOD, twice), DEFAULT_PROMISE).verdict is Verdict.UNKNOWN


@pytest.mark.usefixtures("small_pieces")
def test_a_dead_process_that_calls_again_is_seen_across_pieces() -> None:
    """A call after the death is damage, wherever its key stands."""
    caller = next(event for event in GOOD if isinstance(event, Invoke))
    ghost = Invoke(process=caller.process, op=999_999, key="elsewhere", payload="p")
    verdict = judge_history((*GOOD, Died(process=caller.process), ghost), DEFAULT_PROMISE)
    assert verdict.verdict is Verdict.UNKNOWN


def test_no_piece_of_a_faulty_history_looks_faultless() -> None:
    """One fault anywhere, and no piece is judged by what a quiet run must show."""
    events = (*GOOD, Fault(kind="advance", witness="seen"))
    for part in partition(events, piece=16):
        assert any(isinstance(event, Fault) for event in part.events)


@pytest.mark.usefixtures("small_pieces")
def test_faults_and_phases_make_no_piece_of_their_own() -> None:
    """A history that fills its last piece exactly has no further one without any call."""
    first = next(iter(partition([event for event in GOOD if not isinstance(event, SHARED)], piece=16))).events
    shared: list[Event] = [Phase(name="workload"), Fault(kind="server_kill", witness="gone"), Phase(name="heal")]
    pieces = list(partition([*shared, *first], piece=len(first)))
    assert [any(isinstance(event, Invoke) for event in part.events) for part in pieces] == [True]
    assert [event for event in pieces[0].events if isinstance(event, SHARED)] == shared
