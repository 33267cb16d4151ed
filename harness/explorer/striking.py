"""Lets a step happen at the server or the venue, or lets a fault strike it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from harness.explorer.gate_socket import HOLDING, play
from harness.explorer.process import State
from harness.explorer.resp import describe
from harness.explorer.steps import Bytes, CommandStep, Cut, EffectStep, Failed, ProbeStep, Receipt, TimedOut, Woken
from harness.faults.kind import Answer, Fate
from harness.subjects.contract import REQUEST_LIFE_LEASES
from harness.venue.errors import ERROR_KINDS, EffectRejected, EffectTimeout
from harness.venue.venue import EffectRequest
from verify.history.events import Died, EffectReply, Fault

if TYPE_CHECKING:
    from harness.explorer.process import Process
    from harness.explorer.steps import Came
    from harness.explorer.world import Late, World
    from harness.faults.kind import FaultKind


class Striking:
    """Carries out decisions about the step a process waits for."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._trace = world.trace

    def let_happen(self, process: Process) -> Came:
        """Do the step of *process*; return what it experiences."""
        step = process.step
        if isinstance(step, CommandStep):
            data, value = self._command(process, step)
            if data.startswith(b"-NOSCRIPT") and self._world.cold_at is None:
                self._world.cold_at = len(self._world.path)
            self._trace.step(process, describe(value))
            return Bytes(data)
        if isinstance(step, EffectStep):
            came = self._effect(process, step)
            if isinstance(came, Failed):
                self._trace.step(process, "refused: too late")
                self._told(process, step, "rejected", None)
            else:
                self._trace.step(process, "receipt")
                self._told(process, step, "receipt", came.body)
            return came
        if isinstance(step, ProbeStep):
            came = self._probe(step)
            self._trace.step(process, "found" if came.body["found"] else "not found")
            return came
        return Woken()

    def strike(self, process: Process, kind: FaultKind) -> None:
        """Let the fault strike the step of *process* and let the process experience it."""
        step = process.step
        witness = kind.witness
        if kind.fate is Fate.DONE:
            witness = self._do_unseen(process)
        elif kind.fate is Fate.LATER and kind.answer is Answer.TIMEOUT and step is not None:
            self._world.late_step(process, step, kind.name)
        self._trace.fault(process, kind.name, witness)
        self._trace.step(process, kind.answer.value, kind.name)
        if kind.answer is Answer.DEATH:
            self._trace.event(Died(process=process.name))
            process.kill()
        elif kind.answer is Answer.STOP:
            process.state = State.PAUSED
        else:
            self._world.resume(process, self._experience(process, kind))

    def land(self, late: Late) -> None:
        """Let a late step happen now, with nobody waiting for its answer."""
        step = late.step
        if isinstance(step, CommandStep):
            value = self._land_command(step, late)
            witness = f"the server answered {describe(value)} when it landed"
        elif isinstance(step, EffectStep):
            landed = self._effect(late.process, step)
            witness = (
                "the venue's book has its line now"
                if isinstance(landed, Receipt)
                else "the venue refused it: too late"
            )
        else:
            raise TypeError(f"{step!r} cannot land late")
        self._trace.event(Fault(kind=late.kind, process=late.process.name, at="landed", witness=witness))

    # Within.

    def _land_command(self, step: CommandStep, late: Late) -> Any:
        """Play a command on the wire that its connection held, and end what it held; else on any wire."""
        pool = self._world.surroundings.pool
        wire = late.held or pool.take(step.signature)
        _, value = play(wire, step)
        if late.held is not None or step.name == HOLDING:
            wire.close()
        else:
            pool.give_back(wire)
        return value

    def _command(self, process: Process, step: CommandStep) -> tuple[bytes, Any]:
        if process.link is None:
            raise TypeError("a command waits without a connection")
        if self._world.surroundings.keys is not None:
            self._world.surroundings.keys.update(step.keys)
        return process.link.exchange(step)

    def _do_unseen(self, process: Process) -> str:
        step = process.step
        if isinstance(step, CommandStep):
            _, value = self._command(process, step)
            return f"the server answered {describe(value)}, and the answer was kept"
        if isinstance(step, EffectStep):
            if isinstance(self._effect(process, step), Failed):
                return "the venue refused it, too late, and the answer was kept"
            return "the venue's book has the line, and the answer was kept"
        return "the venue was asked, and the answer was kept"

    def _effect(self, process: Process, step: EffectStep) -> Receipt | Failed:
        """Do the effect, unless the caller said until when it may be done and that time is over."""
        venue = self._world.operations.venue
        request = EffectRequest(
            key=self._world.key,
            payload=step.payload,
            effect_type="order",
            process=process.name,
            order_id=step.order_id,
            fence=step.fence,
            valid_until_ms=step.valid_until_ms,
        )
        try:
            receipt = venue.perform(request)
        except EffectRejected as refusal:
            return Failed(refusal)
        self._trace.landed(venue.book.entries[-1])
        return Receipt(receipt)

    def _probe(self, step: ProbeStep) -> Receipt:
        venue = self._world.operations.venue
        found = venue.ask(key=step.key)
        life_s = self._world.setting.lease_s * REQUEST_LIFE_LEASES
        receipt = json.loads(found[0].receipt or "null") if found else None
        return Receipt({"found": bool(found), "receipt": receipt, "request_life_s": life_s})

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
