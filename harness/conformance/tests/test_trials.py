"""What is told to a trial happens there, at the step where it was told, and is judged like everything else."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.conformance.bench import PromiseBrokenError
from harness.conformance.machine import LEAPS
from harness.conformance.player import Player, play_out
from harness.conformance.smallest import _without, smallest
from harness.conformance.tests.trials_of import BEGIN, CALL, play, told, trials_of
from harness.conformance.trial import JUMPS
from harness.explorer.tests.exploring import NEEDS_CLOCK
from harness.explorer.tests.probes import probe
from harness.subjects.contract import REQUEST_LIFE_LEASES
from verify.decisions import decisions_of, faults_of
from verify.history.events import EffectCall, Fault, Invoke, Landed
from verify.history.words import Verdict
from verify.run_layout import EXPLORED

if TYPE_CHECKING:
    from collections.abc import Mapping

    import redis

    from harness.redis_server.server import RedisServer
    from harness.subjects.contract import Effect, Guard

LOSS = told("lose", disaster="restart_losing:1")
KINDS = ("reply_lost", "crash_after", "effect_reply_lost", "pause", "advance")
LEDGER = replace(BEGIN, words={**BEGIN.words, "kind": "ledger"})


def children() -> list[int]:
    """Return our own children: a server that saves for its replica has one of its own for a moment."""
    return [
        pid for task in Path("/proc/self/task").iterdir() for pid in map(int, (task / "children").read_text().split())
    ]


@NEEDS_CLOCK
def test_reference_keeps_its_promise_for_every_kind_of_effect(redis_server: RedisServer, tmp_path: Path) -> None:
    """Calls, faults, crashes, lost stores, ended leases, changed orders and reconciliations break nothing."""
    with trials_of(redis_server, tmp_path, "reference", trials=35) as guard:
        guard.draw()
        assert guard.claimed().verdict is Verdict.VALID, guard.found
        assert set(guard.bench.kinds) == {"order", "position", "ledger", "pnl", "signal"}
        assert len(guard.bench.hits) >= 8
        assert guard.bench.faultless > 0


@NEEDS_CLOCK
def test_fault_strikes_the_step_at_which_a_process_stands(redis_server: RedisServer, tmp_path: Path) -> None:
    """The effect is reached, and the fault that was told strikes it there."""
    with trials_of(redis_server, tmp_path, "reference") as guard:
        reach, blow = told("reach_effect", process="w0"), told("strike", blow="w0!effect_reply_lost")
        player = play_out(guard.bench, [BEGIN, CALL, reach, blow])
        events = player.trial.world.trace.events
    assert [event.kind for event in events if isinstance(event, Fault)] == ["effect_reply_lost"]
    assert [str(order) for order in player.followed[1:]] == [
        "call(entity='usual', change='nothing')",
        "reach_effect(process='w0')",
        "strike(blow='w0!effect_reply_lost')",
    ]


@NEEDS_CLOCK
def test_every_kind_that_was_called_under_a_key_is_reconciled(redis_server: RedisServer, tmp_path: Path) -> None:
    """After the loss of the store each of them waits for a word of its own; nobody is left refused."""
    restarts = replace(BEGIN, words={**BEGIN.words, "store": "restarts"})
    reach, late = told("reach_effect", process="w0"), told("strike", blow="w0!effect_late")
    lost, other = told("lose", disaster="restart_losing:2"), told("call", entity="usual", change="kind")
    with trials_of(redis_server, tmp_path, "reference") as guard:
        player = play_out(guard.bench, [restarts, CALL, reach, late, reach, lost, other])
    assert len(player.followed) == 7


@NEEDS_CLOCK
def test_line_of_a_trial_tells_calls_and_faults_apart(redis_server: RedisServer, tmp_path: Path) -> None:
    """Calls, reconciliations and zombies that come back stand in it, and none of them counts as a fault."""
    with trials_of(redis_server, tmp_path, "reference") as guard:
        stop, back = told("strike", blow="w0!pause"), told("come_back", process="w0")
        ask, leap = told("reconcile", called="usual,nothing"), told("pass_time", leases=0.4)
        world = play_out(
            guard.bench, [BEGIN, CALL, told("reach_effect", process="w0"), stop, leap, ask, back]
        ).trial.world
    assert world.decisions[0] == "call(w0,usual,nothing)"
    assert {"reconcile(c1,usual,nothing)", "back(w0)"} < set(world.decisions)
    assert faults_of(world.decisions) == tuple(world.trace.struck) == ("pause", "advance")


@NEEDS_CLOCK
def test_kind_of_effect_reaches_guard_venue_and_history(redis_server: RedisServer, tmp_path: Path) -> None:
    """A ledger entry is called, asked for and booked as one; another kind under its key lands nothing."""
    with trials_of(redis_server, tmp_path, "reference") as guard:
        other = told("call", entity="usual", change="kind")
        player = play_out(guard.bench, [LEDGER, CALL, told("go_on", process="w0", steps=6), other])
        events = player.trial.world.trace.events
    assert [event.effect_type for event in events if isinstance(event, Invoke)][:2] == ["ledger", "pnl"]
    assert {event.effect_type for event in events if isinstance(event, EffectCall | Landed)} == {"ledger"}


def test_what_cannot_be_followed_is_left_out(redis_server: RedisServer, tmp_path: Path) -> None:
    """An order for a process that is not there, or a fault that cannot strike it, changes nothing."""
    with trials_of(redis_server, tmp_path, "twin.get_then_set") as guard:
        impossible = [
            told("strike", blow="w0!effect_lost"),
            told("land", late="late(w0.1)"),
            told("come_back", process="w0"),
            told("lose", disaster="restart_losing:1"),
            told("reconcile", called="usual,nothing"),
        ]
        player = play_out(guard.bench, [BEGIN, told("go_on", process="w0", steps=1), CALL, *impossible])
    assert player.followed == [BEGIN, CALL]


@NEEDS_CLOCK
def test_store_is_lost_once_and_only_as_was_said(redis_server: RedisServer, tmp_path: Path) -> None:
    """A trial that may restart restarts once, with its last write gone; it cannot fail over."""
    restarts = replace(BEGIN, words={**BEGIN.words, "store": "restarts"})
    with trials_of(redis_server, tmp_path, "reference") as guard:
        player = play(guard.bench, CALL)
        assert not player.trial.disasters()
        player.trial.abandon()
        player = Player(guard.bench, restarts)
        player.follow(CALL)
        player.follow(told("reach_effect", process="w0"))
        offered = set(player.trial.disasters())
        player.follow(LOSS)
        assert player.trial.disasters() == []
        player.trial.abandon()
        played = play_out(guard.bench, [restarts, CALL, told("reach_effect", process="w0"), LOSS, LOSS])
        events = played.trial.world.trace.events
    assert offered == {"restart_losing:0", "restart_losing:1", "restart_losing:2"}
    assert [event.kind for event in events if isinstance(event, Fault)] == ["restart_losing:1"]


def test_key_that_is_gone_cannot_be_lost(redis_server: RedisServer, tmp_path: Path) -> None:
    """A claim can be evicted while it is there; once the guard has deleted it, or it was evicted, it cannot."""
    with trials_of(redis_server, tmp_path, "broken.limits_unsaid") as guard:
        player = play(guard.bench, CALL)
        before = player.trial.disasters()
        player.follow(told("reach_effect", process="w0"))
        held = player.trial.disasters()
        player.follow(told("lose", disaster=held[0]))
        after = player.trial.disasters()
        player.trial.abandon()
    assert (before, after) == ([], [])
    assert held == ["evict(once:k0+)"]


@NEEDS_CLOCK
def test_guard_is_left_in_peace_once(redis_server: RedisServer, tmp_path: Path) -> None:
    """Whatever is drawn, one trial is without a fault, and it comes first."""
    with trials_of(redis_server, tmp_path, "twin.get_then_set", trials=1) as guard:
        guard.draw()
        assert guard.bench.faultless >= 1
    first = (tmp_path / "part0" / EXPLORED).read_text("utf-8").splitlines()[0]
    assert first.split("\t")[2].startswith("generated: call(w0,usual,nothing) call(w1,usual,nothing) w0")
    assert faults_of(decisions_of(first)) == ()


@NEEDS_CLOCK
def test_store_that_was_not_lost_leaves_no_replica_behind(redis_server: RedisServer, tmp_path: Path) -> None:
    """A trial that may fail over has a replica; the next one has one too, and not two."""
    fails_over = replace(BEGIN, words={**BEGIN.words, "store": "fails over"})
    running = []
    with trials_of(redis_server, tmp_path, "twin.get_then_set") as guard:
        for _ in range(3):
            play_out(guard.bench, [fails_over, CALL])
            running.append(len(children()))
    assert running == running[:1] * 3


@NEEDS_CLOCK
def test_smallest_trial_is_left_with_what_the_finding_needs(redis_server: RedisServer, tmp_path: Path) -> None:
    """What does nothing for it is taken out, the right worker is named, and no order is too many."""
    strange = told("call", entity="stranger", change="nothing")
    with trials_of(redis_server, tmp_path, "broken.lease_as_ttl") as guard:
        orders = [
            BEGIN,
            told("call", entity="next neighbour", change="nothing"),
            told("go_on", process="w0", steps=5),
            strange,
            told("pass_time", leases=0.4),
            told("reach_effect", process="w1"),
            told("strike", blow="w1!crash_after"),
            CALL,
        ]
        with pytest.raises(PromiseBrokenError) as caught:
            play_out(guard.bench, orders)
        found = smallest(guard.bench, caught.value)
        assert [str(order) for order in found.orders] == [
            "begin(store='kept', kind='order', stranger='0')",
            "call(entity='usual', change='nothing')",
            "reach_effect(process='w0')",
            "strike(blow='w0!crash_after')",
        ]
        for left_out in range(1, len(found.orders)):
            play_out(guard.bench, [each for at, each in enumerate(found.orders) if at != left_out])


def test_leaving_a_call_out_takes_its_process_along() -> None:
    """Orders for it go too, and later processes move up, in the names of faults and late steps as well."""
    orders = (
        BEGIN,
        CALL,
        CALL,
        told("go_on", process="w0", steps=2),
        told("strike", blow="w1!late_request"),
        told("reconcile", called="usual,nothing"),
        told("land", late="late(w1.1)"),
    )
    assert _without(orders, 1) == (
        BEGIN,
        CALL,
        told("strike", blow="w0!late_request"),
        told("reconcile", called="usual,nothing"),
        told("land", late="late(w0.1)"),
    )


@NEEDS_CLOCK
def test_one_seed_draws_the_same_and_another_does_not(redis_server: RedisServer, tmp_path: Path) -> None:
    """The schedules of two runs of one seed are the same, line by line."""
    drawn = []
    for number, seed in enumerate((7, 7, 8)):
        with trials_of(redis_server, tmp_path, "twin.get_then_set", trials=12, seed=seed, kinds=KINDS) as guard:
            guard.draw()
        drawn.append((tmp_path / f"part{number}" / EXPLORED).read_text("utf-8"))
    assert drawn[0] == drawn[1] != drawn[2]


def test_no_sum_of_leaps_decides_by_chance() -> None:
    """Neither a lease nor a request's life ends within a tenth of a lease of where jumps can lead."""
    for count in range(JUMPS + 1):
        for leaps in itertools.combinations_with_replacement(LEAPS, count):
            for edge in (1.0, REQUEST_LIFE_LEASES, 1.0 + REQUEST_LIFE_LEASES):
                assert abs(sum(leaps) - edge) >= 0.1 - 1e-9


def test_text_of_any_script_is_a_key_like_any_other(redis_server: RedisServer, tmp_path: Path) -> None:
    """A receipt that names such a key is what the venue's book holds, and the finding-free trial stays one."""
    stranger = replace(BEGIN, words={**BEGIN.words, "stranger": "é✓ \\"})
    with trials_of(redis_server, tmp_path, "twin.get_then_set") as guard:
        player = play_out(guard.bench, [stranger, told("call", entity="stranger", change="nothing")])
        events = player.trial.world.trace.events
    assert {event.key for event in events if isinstance(event, Landed)} == {"k0/é✓ \\"}


def test_guard_that_the_gate_cannot_hold_ends_the_trials(redis_server: RedisServer, tmp_path: Path) -> None:
    """What is wrong is said once, and nothing is shrunk for it."""

    def guard_of(_client: redis.Redis, _lease_s: float) -> Guard:
        async def guard(_key: str, _payload: Mapping[str, Any], _effect: Effect) -> None:
            return

        return guard

    with (
        trials_of(redis_server, tmp_path, probe(guard_of)) as guard,
        pytest.raises(Exception, match=r"asynchronous;.* use --gate proxy"),
    ):
        guard.draw()
