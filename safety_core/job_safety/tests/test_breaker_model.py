"""The scripts in Redis and the pure machine give the same answers to the same calls, whatever comes in what order."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safety_core.job_safety.circuit_breaker import BreakerSettings, CircuitBreaker, ScopeLimits
from safety_core.job_safety.circuit_breaker.machine import Machine
from safety_core.job_safety.circuit_breaker.states import LETTERS, STATE_OF, CallOutcome
from safety_core.tests.servers import Server, advance

if TYPE_CHECKING:
    from safety_core.job_safety.circuit_breaker import Permit

LIMITS = ScopeLimits(
    failure_threshold=2, window_s=59.5, open_s=29.5, half_open_probes=2, probe_lease_s=19.5, successes_to_close=2
)
"""Half seconds, so that whole seconds that pass never meet an edge."""

ACTS = st.lists(
    st.one_of(
        st.just(("allow", 0, "")),
        st.tuples(st.just("record"), st.integers(0, 5), st.sampled_from(["success", "failure", "caller_mistake"])),
        st.tuples(st.just("pass"), st.sampled_from([1, 10, 20, 30, 60]), st.just("")),
    ),
    max_size=25,
)
_NAMES = itertools.count()


class Twin:
    """The breaker in Redis and the machine, asked side by side."""

    def __init__(self, server: Server, breaker: CircuitBreaker) -> None:
        self.server = server
        self.breaker = breaker
        self.machine = Machine(LIMITS)
        self.name = f"job-{next(_NAMES)}"
        self.now_ms = 1_000_000
        self.given: list[tuple[Permit, int]] = []

    def allow(self) -> None:
        """Ask both, and compare."""
        permit = self.breaker.allow(self.name)
        refusal = self.machine.refusal(self.now_ms, permit.token)
        assert permit.admitted == (refusal is None)
        if refusal is None:
            moved = self.machine.admit(self.now_ms, permit.token)
            expected = [f"{STATE_OF[moved[0]]}->{STATE_OF[moved[1]]}"] if moved else []
            assert [str(each) for each in permit.transitions] == expected
            self.given.append((permit, self.machine.epoch))
        else:
            assert permit.reason == refusal[1]
        assert permit.state is STATE_OF[self.machine.state]

    def record(self, which: int, outcome: str) -> None:
        """End one of the calls, and compare."""
        permit, epoch = self.given.pop(which % len(self.given))
        recorded = self.breaker.record(permit, outcome)
        letter = LETTERS[CallOutcome(outcome)][1]
        counted, moved = self.machine.record(self.now_ms, permit.token, letter, epoch, 0)
        assert recorded.counted == (counted,)
        assert bool(recorded.transitions) == bool(moved)
        if moved:
            assert recorded.transitions[0].after is STATE_OF[moved[1]]
            assert recorded.transitions[0].reason == self.machine.reason

    def wait(self, seconds: int) -> None:
        """Let time pass for both."""
        advance(self.server, seconds)
        self.now_ms += seconds * 1000


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
def test_scripts_do_what_the_machine_does(redis_server: Server, acts: list[tuple[str, int, str]]) -> None:
    """Every answer and every change of state, call by call."""
    breaker = CircuitBreaker(redis_server.url, settings=BreakerSettings(job_type=LIMITS))
    with breaker:
        twin = Twin(redis_server, breaker)
        for act, number, outcome in acts:
            if act == "allow":
                twin.allow()
            elif act == "pass":
                twin.wait(number)
            elif twin.given:
                twin.record(number, outcome)


@given(acts=ACTS)
def test_machine_never_breaks_its_own_limits(acts: list[tuple[str, int, str]]) -> None:
    """No call while OPEN, at most the probes in HALF_OPEN, and nobody waits for ever."""
    machine, now_ms, tokens = Machine(LIMITS), 0, itertools.count()
    given_out: list[tuple[str, int]] = []
    for act, number, outcome in acts:
        if act == "pass":
            now_ms += number * 1000
        elif act == "record" and given_out:
            token, epoch = given_out.pop(number % len(given_out))
            machine.record(now_ms, token, LETTERS[CallOutcome(outcome)][1], epoch, 0)
        elif act == "allow":
            token = str(next(tokens))
            was_open = machine.state == "O" and machine.until_ms > now_ms
            refusal = machine.refusal(now_ms, token)
            if refusal is None:
                assert not was_open
                machine.admit(now_ms, token)
                given_out.append((token, machine.epoch))
            else:
                assert 0 < refusal[0] <= max(LIMITS.open_s, LIMITS.probe_lease_s) * 1000
        if machine.state == "H":
            assert sum(ends > now_ms for ends in machine.marks.values()) <= LIMITS.half_open_probes
