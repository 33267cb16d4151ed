"""The breaker of one process: it remembers what Redis said last, and decides while Redis is away.

Never lets a call through a scope that Redis called OPEN before the time that it named is over. Safe for threads.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, final

from .machine import Machine
from .states import STATE_OF, Permit, Recorded, Transition

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .terms import Place, Places

_MAX_MACHINES = 4096


@final
class LocalBreaker:
    """Machines by scope, on a clock that only runs forward.

    What Redis says goes first: a machine follows every answer of Redis, and keeps its own counts only in between.
    """

    __slots__ = ("_clock", "_lock", "_machines", "_told")

    def __init__(self, clock: Callable[[], float]) -> None:
        """Make one; `clock` gives seconds and only runs forward."""
        self._clock = clock
        self._lock = threading.Lock()
        self._machines: dict[bytes, Machine] = {}
        self._told: dict[bytes, tuple[int, int]] = {}

    @property
    def is_idle(self) -> bool:
        """Whether Redis called every scope closed last, and nothing was counted here since."""
        return not self._machines and not self._told

    def allow(self, places: Places, job_type: str, token: str) -> Permit:
        """Answer as ALLOW does."""
        with self._lock:
            now_ms = self._now_ms()
            machines = [self._machine(place) for place in places.each]
            for place, machine in zip(places.each, machines, strict=True):
                refused = machine.refusal(now_ms, token)
                if refused is not None:
                    return Permit(
                        job_type, False, STATE_OF[machine.state], place.scope, refused[0] / 1000, refused[1],
                        token, local=True,
                    )  # fmt: skip
            moves = [machine.admit(now_ms, token) for machine in machines]
            epochs = tuple(machine.epoch for machine in machines)
            state = STATE_OF[machines[-1].state]
            transitions = self._transitions(places.each, machines, moves)
        return Permit(job_type, True, state, token=token, epochs=epochs, local=True, transitions=transitions)

    def record(self, places: Places, permit: Permit, letters: Sequence[str], not_before_ms: int) -> Recorded:
        """Answer as RECORD does. A permit that Redis gave counts for the state that is known here."""
        with self._lock:
            now_ms = self._now_ms()
            machines = [self._machine(place) for place in places.each]
            known = permit.epochs if permit.local else ()
            epochs = known or tuple(machine.epoch for machine in machines)
            ends = [
                machine.record(now_ms, permit.token, letter, epoch, not_before_ms)
                for machine, letter, epoch in zip(machines, letters, epochs, strict=True)
            ]
            transitions = self._transitions(places.each, machines, [move for _, move in ends])
        return Recorded(tuple(counted if permit.local else "lost" for counted, _ in ends), transitions)

    def learn(self, place: Place, state: str, epoch: int, open_ms: int) -> None:
        """Follow what Redis says of a scope: its letter, its epoch, and for how long it is open."""
        if state == "C" and not self._machines:
            return
        with self._lock:
            if state == "C":
                self._machines.pop(place.keys, None)
                self._told.pop(place.keys, None)
                return
            machine = self._machine(place)
            now_ms = self._now_ms()
            if machine.state != state:
                machine.move(state, now_ms)
            if state == "O":
                machine.until_ms = now_ms + open_ms
                machine.reason = machine.reason or "store"
                self._told[place.keys] = (epoch, machine.until_ms)

    def forgotten_ms(self, place: Place, epoch: int) -> int:
        """Return for how many milliseconds a scope is still open, of which Redis lost the memory; else 0.

        Epochs of a scope only grow, so that a smaller one than Redis once named says that Redis was emptied.
        """
        told = self._told.get(place.keys)
        if told is None or epoch >= told[0]:
            return 0
        with self._lock:
            return max(0, told[1] - self._now_ms())

    def _machine(self, place: Place) -> Machine:
        machine = self._machines.get(place.keys)
        if machine is None:
            if len(self._machines) >= _MAX_MACHINES:
                self._machines.pop(next(iter(self._machines)))
            machine = self._machines[place.keys] = Machine(place.limits)
        return machine

    def _now_ms(self) -> int:
        return round(self._clock() * 1000)

    def _transitions(
        self, places: Sequence[Place], machines: Sequence[Machine], moves: Sequence[str]
    ) -> tuple[Transition, ...]:
        now_ms = self._now_ms()
        return tuple(
            Transition(
                scope=place.scope,
                name=place.name,
                before=STATE_OF[moved[0]],
                after=STATE_OF[moved[1]],
                reason=machine.reason,
                epoch=machine.epoch,
                open_s=max(0, machine.until_ms - now_ms) / 1000,
                local=True,
            )
            for place, machine, moved in zip(places, machines, moves, strict=True)
            if moved
        )
