"""Lets a step happen at the server or the venue, or lets a fault strike it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from harness.explorer.gate.link import HOLDING
from harness.explorer.gate.resp import describe
from harness.explorer.world.steps import (
    Bytes,
    CommandStep,
    Cut,
    EffectStep,
    Failed,
    ProbeStep,
    Receipt,
    TimedOut,
    Woken,
)
from harness.explorer.world.trace import THE_LAST_WRITE, THE_STORE, place_of
from harness.faults.kind import Answer, Fate, FaultKind, Target
from harness.faults.registry import ALL
from harness.subjects.contract import REQUEST_LIFE_LEASES
from harness.venue.errors import ERROR_KINDS, EffectRejected, EffectTimeout
from harness.venue.venue import EffectRequest
from verify.history.events import Died, EffectReply, Fault

if TYPE_CHECKING:
    from harness.explorer.gate.link import Link
    from harness.explorer.world.late import Late
    from harness.explorer.world.process import Process
    from harness.explorer.world.steps import Came
    from harness.explorer.world.world import World

_GONE = "no connection"


class Striking:
    """Carries out decisions about the step a process waits for."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._trace = world.trace
        self._store = world.surroundings.store
        self._own = world.key.encode()

    def possible(self, process: Process) -> tuple[str, ...]:
        """Return the decisions that let a fault strike *process* where it waits."""
        step = process.step
        if step is None or self._world.must_lose_writes:
            return ()
        kinds = self._world.setting.strikes(step)
        if process.link is not None and isinstance(step, CommandStep) and process.link.is_stale:
            kinds = tuple(kind for kind in kinds if kind.target is not Target.COMMAND)
        if self._world.setting.reduces and process.follows_command and isinstance(step, CommandStep):
            kinds = _without_twice_dead(kinds)
        self._world.surroundings.applicable.add((place_of(process), _names_of(kinds)))
        return _strikes_of(process.name, kinds)

    def let_happen(self, process: Process) -> Came:
        """Do the step of *process*; return what it experiences."""
        step = process.step
        if isinstance(step, CommandStep):
            return self._let_command_happen(process, step)
        if isinstance(step, EffectStep):
            came = self._effect(process, step)
            if isinstance(came, Failed):
                is_refused = isinstance(came.error, EffectRejected)
                self._trace.step(process, "refused: too late" if is_refused else "lost")
                self._told(process, step, "rejected" if is_refused else "timeout", None)
            else:
                self._trace.step(process, "receipt")
                self._told(process, step, "receipt", came.body)
            return came
        if isinstance(step, ProbeStep):
            answer = self._probe(step)
            self._trace.step(process, "found" if answer.body["found"] else "not found")
            return answer
        self._trace.touch(everything=True)
        return Woken()

    def strike(self, process: Process, name: str) -> None:
        """Let the fault strike the step of *process* and let the process experience it."""
        kind = ALL[name]
        step = process.step
        witness = kind.witness
        process.was_struck = True
        if kind.fate is Fate.DONE:
            witness = self._do_unseen(process)
        elif kind.fate is Fate.LATER and kind.answer is Answer.TIMEOUT and step is not None:
            self._trace.touch(writes=(self._world.late_step(process, step, kind.name),))
        self._trace.fault(process, kind.name, witness)
        self._trace.step(process, kind.answer.value, kind.name)
        if kind.answer is Answer.DEATH:
            self._trace.event(Died(process=process.name))
            process.kill()
        elif kind.answer is Answer.STOP:
            process.pause()
        else:
            self._world.resume(process, self._experience(process, kind))

    def let_through(self, process: Process, step: CommandStep, link: Link) -> Came:
        """Let a command of a background thread happen while its process is held."""
        if link.is_stale:
            return Cut()
        self._world.situation.hide()
        data, value, wrote = link.exchange(step)
        self._touch(step, wrote=wrote)
        self._note_coldness(data)
        self._trace.aside(process, step, describe(value))
        return Bytes(data)

    def land(self, late: Late) -> None:
        """Let a late step happen now, with nobody waiting for its answer."""
        step = late.step
        self._world.situation.lands(late)
        self._trace.touch(writes=(late.name,))
        if isinstance(step, CommandStep):
            value = self._land_command(step, late)
            witness = f"the server answered {describe(value)} when it landed"
        elif isinstance(step, EffectStep):
            landed = self._effect(late.process, step)
            witness = (
                "the venue's book has its line now" if isinstance(landed, Receipt) else f"the venue {_fate(landed)}"
            )
        else:
            raise TypeError(f"{step!r} cannot land late")
        self._trace.event(Fault(kind=late.kind, process=late.process.name, at="landed", witness=witness))

    def miss(self, late: Late) -> None:
        """Note that a late step could have landed until now, and never will."""
        step = late.step
        if isinstance(step, CommandStep):
            names = self._trace.plain_keys(step.keys or ())
            writes = (THE_LAST_WRITE, *names) if step.may_write else ()
            self._trace.missed(late, reads=(THE_STORE, *names), writes=writes, enters=False)
        else:
            at_venue = self._trace.at_venue(self._world.operations.job_of(late.process.name).key)
            self._trace.missed(late, reads=(), writes=(at_venue,), enters=True)

    # Within.

    def _land_command(self, step: CommandStep, late: Late) -> Any:
        """Play a command on the wire that its connection held, and end what it held; else on any wire."""
        pool = self._store.pools[step.master]
        wire = late.held or pool.take(step.signature)
        data, value, wrote = pool.play(wire, step)
        if late.held is not None or step.name == HOLDING:
            wire.close()
        else:
            pool.give_back(wire)
        self._touch(step, wrote=wrote)
        self._note_coldness(data)
        return value

    def _let_command_happen(self, process: Process, step: CommandStep) -> Came:
        if process.link is not None and process.link.is_stale:
            # Before the store was lost the command would have reached it.
            self._trace.touch(reads=(THE_STORE,))
            self._trace.step(process, _GONE, unsent=True)
            return Cut()
        data, value = self._command(process, step)
        self._trace.step(process, describe(value))
        return Bytes(data)

    def _command(self, process: Process, step: CommandStep) -> tuple[bytes, Any]:
        if process.link is None:
            raise TypeError("a command waits without a connection")
        data, value, wrote = process.link.exchange(step)
        self._touch(step, wrote=wrote)
        self._note_coldness(data)
        return data, value

    def _note_coldness(self, data: bytes) -> None:
        is_unknown = data.startswith(b"-NOSCRIPT") and not self._store.forgot_scripts
        if is_unknown and self._world.cold_at is None:
            self._world.cold_at = len(self._world.path)

    def _touch(self, step: CommandStep, *, wrote: bool) -> None:
        """Note what a command touched; a write that changed nothing has only read."""
        trace = self._trace
        self._store.named(step.keys or ())
        if wrote and step.master == 0:
            self._world.writes += 1
            self._store.wrote()
        if step.keys is None:
            self._world.situation.asked(step, None, wrote=wrote)
            trace.touch(everything=True)
            return
        names = trace.plain_keys(step.keys)
        self._world.situation.asked(step, names, wrote=wrote)
        trace.touch(reads=(THE_STORE, *trace.plain_keys(step.watched)))
        if wrote:
            trace.touch(writes=self._world.written_now(*names))
            self._world.written.update(
                (name, key) for name, key in zip(names, step.keys, strict=True) if self._own in key
            )
        else:
            trace.touch(reads=names)

    def _do_unseen(self, process: Process) -> str:
        step = process.step
        if isinstance(step, CommandStep):
            _, value = self._command(process, step)
            return f"the server answered {describe(value)}, and the answer was kept"
        if isinstance(step, EffectStep):
            came = self._effect(process, step)
            if isinstance(came, Failed):
                return f"the venue {_fate(came)}, and the answer was kept"
            return "the venue's book has the line, and the answer was kept"
        return "the venue was asked, and the answer was kept"

    def _effect(self, process: Process, step: EffectStep) -> Receipt | Failed:
        """Do the effect, unless the caller said until when it may be done and that time is over."""
        venue = self._world.operations.venue
        job = self._world.operations.job_of(process.name)
        self._trace.touch(writes=(self._trace.at_venue(job.key),))
        request = EffectRequest(
            key=job.key,
            payload=step.payload,
            effect_type=job.effect_type,
            process=process.name,
            order_id=step.order_id,
            fence=step.fence,
            valid_until_ms=step.valid_until_ms,
        )
        try:
            receipt = venue.perform(request)
        except (EffectRejected, EffectTimeout) as error:
            return Failed(error)
        self._trace.landed(venue.book.entries[-1])
        return Receipt(receipt)

    def _probe(self, step: ProbeStep) -> Receipt:
        self._trace.touch(reads=(self._trace.at_venue(step.key),))
        life_s = self._world.setting.lease_s * REQUEST_LIFE_LEASES
        return Receipt({**self._world.operations.venue.look_up(step.key), "request_life_s": life_s})

    def _experience(self, process: Process, kind: FaultKind) -> Came:
        step = process.step
        if isinstance(step, EffectStep):
            if kind.answer is Answer.REFUSAL:
                self._told(process, step, "rejected", None)
                return Failed(ERROR_KINDS["insufficient_balance"].rejection())
            self._told(process, step, "timeout", None)
            return Failed(EffectTimeout("the venue did not answer in time; the order may have been executed"))
        if kind.answer is Answer.CUT:
            return Cut()
        if kind.answer is Answer.TIMEOUT:
            return TimedOut()
        return Bytes(b"-" + kind.error.encode() + b"\r\n")

    def _told(self, process: Process, step: EffectStep, answer: str, receipt: dict[str, Any] | None) -> None:
        self._trace.event(
            EffectReply(
                process=process.name,
                op=self._world.operations.number_of(process.name),
                call=step.call,
                answer=answer,
                receipt=None if receipt is None else self._trace.canonical(receipt),
            ),
        )


def _fate(came: Failed) -> str:
    return "refused it: too late" if isinstance(came.error, EffectRejected) else "lost it"


@functools.lru_cache(maxsize=4096)
def _strikes_of(process: str, kinds: tuple[FaultKind, ...]) -> tuple[str, ...]:
    return tuple(f"{process}!{kind.name}" for kind in kinds)


@functools.lru_cache(maxsize=1024)
def _names_of(kinds: tuple[FaultKind, ...]) -> tuple[str, ...]:
    return tuple(kind.name for kind in kinds)


@functools.lru_cache(maxsize=1024)
def _without_twice_dead(kinds: tuple[FaultKind, ...]) -> tuple[FaultKind, ...]:
    """Leave out the crash before a command where the crash after the command before it, which is the same, is run."""
    if not any(kind.name == "crash_after" for kind in kinds):
        return kinds
    return tuple(kind for kind in kinds if kind.name != "crash_before")
