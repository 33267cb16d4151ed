"""The breaker in Redis does what a few lines of a pure model say, whatever calls come and however they end."""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from harness.redis_server.server import RedisServer
from properties.claim import Claim, demand
from safety_core.job_safety.circuit_breaker import BreakerSettings, CircuitBreaker, ScopeLimits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_LIMITS = st.builds(
    ScopeLimits,
    failure_threshold=st.integers(1, 3),
    window_s=st.just(595.0),
    open_s=st.just(295.0),
    half_open_probes=st.integers(1, 2),
    probe_lease_s=st.just(195.0),
    successes_to_close=st.integers(1, 2),
)
"""Times that end on five: tens of seconds that pass never meet an edge, nor does the real time of an example."""
_ENDS = ("success", "failure", "caller_mistake")
_ACTS = st.lists(
    st.just("allow")
    | st.just("allow")
    | st.tuples(st.integers(0, 3), st.sampled_from(_ENDS))
    | st.sampled_from([100, 200, 300, 600]),
    max_size=20,
)


@dataclass(slots=True)
class Breakers:
    """A server, and what makes breakers on it."""

    server: RedisServer
    make: Callable[..., Any]
    numbers: Iterator[int]


@dataclass(slots=True)
class Model:
    """What a breaker is: closed until enough failures fall into the window, open for a time, then tried by probes.

    Attributes:
        limits: Its terms.
        era: Changes of state so far: what was admitted in an earlier one counts no more.
        opened_s: When it opened; None while it is closed.
        probing: Whether a probe was let through since it opened.
        failures: When calls failed, while it is closed.
        probes: When the permit of each probe ends.
        successes: Probes that succeeded.
    """

    limits: ScopeLimits
    era: int = 0
    opened_s: float | None = None
    probing: bool = False
    failures: list[float] = field(default_factory=list)
    probes: dict[int, float] = field(default_factory=dict)
    successes: int = 0

    def admits(self, call: int, now_s: float) -> bool:
        """Say whether a call may go, and let it."""
        if self.opened_s is None:
            return True
        if not self.probing:
            if now_s < self.opened_s + self.limits.open_s:
                return False
            self._change(self.opened_s, probing=True)
        self.probes = {each: ends for each, ends in self.probes.items() if ends > now_s}
        if len(self.probes) >= self.limits.half_open_probes:
            return False
        self.probes[call] = now_s + self.limits.probe_lease_s
        return True

    def ended(self, call: int, era: int, how: str, now_s: float) -> None:
        """Take note of how a call ended that was admitted in *era*."""
        if era != self.era:
            return
        if self.opened_s is None:
            if how == "failure":
                self.failures = [at for at in self.failures if at > now_s - self.limits.window_s] + [now_s]
                if len(self.failures) >= self.limits.failure_threshold:
                    self._change(now_s)
            return
        if self.probes.pop(call, 0.0) <= now_s or how == "caller_mistake":
            return
        if how == "failure":
            self._change(now_s)
            return
        self.successes += 1
        if self.successes >= self.limits.successes_to_close:
            self._change(None)

    def _change(self, opened_s: float | None, *, probing: bool = False) -> None:
        self.era += 1
        self.opened_s, self.probing = opened_s, probing
        self.failures, self.probes, self.successes = [], {}, 0


def check(at: Breakers, *, limits: ScopeLimits, acts: Sequence[Any]) -> None:
    """Assert that the breaker admits exactly the calls that the model admits."""
    job_type = f"claim-{next(at.numbers)}"
    model, now_s, calls = Model(limits), 0.0, itertools.count()
    out: list[tuple[Any, int, int]] = []
    with at.make(at.server.url, settings=BreakerSettings(job_type=limits)) as breaker:
        for act in acts:
            if act == "allow":
                call = next(calls)
                permit = breaker.allow(job_type)
                expected = model.admits(call, now_s)
                said = "let through" if permit.admitted else f"refused ({permit.reason})"
                demand(permit.admitted == expected, f"call {call} was {said} in state {permit.state}")
                if expected:
                    out.append((permit, call, model.era))
            elif isinstance(act, int):
                at.server.advance(act)
                now_s += act
            elif out:
                permit, call, era = out.pop(act[0] % len(out))
                breaker.record(permit, act[1])
                model.ended(call, era, act[1], now_s)


@contextmanager
def breakers(make: Callable[..., Any] = CircuitBreaker) -> Iterator[Breakers]:
    """Start a server whose clock can be moved."""
    with RedisServer(controlled_clock=True) as server:
        yield Breakers(server, make, itertools.count())


CLAIM = Claim(
    name="breaker_model",
    says="The breaker lets exactly those calls through that a pure model of its terms lets through.",
    drawn={"limits": _LIMITS, "acts": _ACTS},
    check=check,
    suspect=breakers,
    needs_clock=True,
)
