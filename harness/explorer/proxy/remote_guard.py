"""A guard in another process, as the world calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness import clock
from harness.explorer.proxy.program import ProgramError
from harness.explorer.world.process import running
from harness.explorer.world.steps import SleepStep
from harness.hosts.line_forms import PROTOCOL
from harness.subjects.contract import ElsewhereError
from harness.venue.errors import EffectRejected, EffectTimeout

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.explorer.proxy.program import Program
    from harness.subjects.contract import Effect

_MOST_IDLE = 60
"""How often a program may be found waiting for something that the gate cannot see, in one call. Each time another
process has moved or time has jumped since."""
_MOST_SILENT = 10
"""The same for a program that does not say when it is idle: each time, it is given real seconds to go on."""

_Answer = dict[str, Any]
_Asked = dict[str, "Callable[[_Answer], _Answer]"]


class RemoteGuard:
    """Asks the program; whatever it does meanwhile comes to the gate as steps of the running process."""

    def __init__(self, program: Program) -> None:
        self._program = program
        if program.reconciles:
            self.reconcile = self._reconcile

    @classmethod
    def made_in(cls, program: Program, url: str, lease_s: float) -> RemoteGuard:
        """Let the program make a guard.

        Raises:
            ElsewhereError: It raised.
        """
        program.doorway.close_connections()
        ask_for_guard(program, url, lease_s)
        return cls(program)

    def __call__(self, key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        """Let the guard do the work of *key*.

        Raises:
            ElsewhereError: It raised.
        """

        def perform(asked: _Answer) -> _Answer:
            known = {name: asked.get(name) for name in ("client_order_id", "fence", "valid_until_ms")}
            try:
                came = {"receipt": effect(asked["payload"], **known)}
            except (EffectTimeout, EffectRejected) as error:
                came = {"error": _told(error)}
            return {"call": asked["call"], **came}

        call = {"do": "call", "key": key, "payload": dict(payload), "now_ms": clock.wall_ms()}
        return _ask(self._program, call, {"effect": perform}).get("result")

    def _reconcile(self, key: str, probe: Callable[[str], dict[str, Any]]) -> None:
        asked: _Asked = {"probe": lambda question: {"answer": probe(question["key"])}}
        _ask(self._program, {"do": "reconcile", "key": key, "now_ms": clock.wall_ms()}, asked)


def ask_for_guard(program: Program, url: str, lease_s: float) -> _Answer:
    """Ask the program for a guard and return what it says of itself.

    Raises:
        ElsewhereError: The making raised.
    """
    ready = _ask(program, {"do": "init", "protocol": PROTOCOL, "redis_url": url, "lease_s": lease_s}, {})
    program.has_guard = True
    program.reconciles = bool(ready.get("reconciles"))
    program.is_reusable = bool(ready.get("reusable"))
    return ready


def prepare_in(program: Program, url: str, lease_s: float) -> None:
    """Let the program do what its subject does once, before any schedule.

    Our Python host is asked at once; another program says first whether it has anything to prepare.
    """
    if program.is_ours or ask_for_guard(program, url, lease_s).get("prepares"):
        _ask(program, {"do": "prepare", "redis_url": url}, {})


def _ask(program: Program, message: _Answer, asked: _Asked) -> _Answer:
    """Ask the program for something and return its answer; *asked* answers what it asks meanwhile.

    Raises:
        ElsewhereError: The guard raised.
        ProgramError: The program cannot be held.
    """
    process = running()
    if process is None:
        raise TypeError("a program is asked outside every process")
    try:
        return _until_answered(program, message, asked)
    except ProgramError as error:
        # The subject may catch what is raised here; the schedule ends all the same.
        program.give_up(error)
        raise
    except ElsewhereError:
        raise
    except BaseException:
        program.kill()
        raise


def _until_answered(program: Program, message: _Answer, asked: _Asked) -> _Answer:
    number = program.begin(message)
    idle = 0
    while True:
        heard = program.heard()
        kind = heard["say"]
        if kind in asked:
            program.say(do=f"{kind}_reply", id=number, **asked[kind](heard), now_ms=clock.wall_ms())
        elif kind in {"sleep", "idle"}:
            idle += kind == "idle"
            if idle > (_MOST_IDLE if program.is_ours else _MOST_SILENT):
                raise ProgramError("waits for something that never comes")
            _sleep(float(heard.get("seconds") or 0.0))
            program.wake(kind)
        else:
            return program.answered(heard)


def _sleep(seconds: float) -> None:
    process = running()
    if process is not None:
        process.wait(SleepStep(seconds=seconds))


def _told(error: EffectTimeout | EffectRejected) -> dict[str, Any]:
    told: dict[str, Any] = {"definite": error.definite, "kind": "timeout", "message": str(error)}
    if isinstance(error, EffectRejected):
        told |= {"kind": "rejected", "status": error.status, "code": error.code}
    return told
