"""Runs a guard for the harness: takes calls over the lines, says what the guard does, answers what came of it."""

from __future__ import annotations

import array
import ctypes
import json
import os
import signal
import socket
import sys
from typing import TYPE_CHECKING, Any

from .clocks import Clocks, threads
from .lines import Ended, Lines
from .loop import GatedLoop, awaitable_in_coroutines, is_awaitable
from .source import Source, describe
from .warming import warm_up

if TYPE_CHECKING:
    from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


class EffectTimeout(TimeoutError):  # noqa: N818 - the word that histories use
    """The reply did not come: the effect may be done, may not be, and may still be done later."""

    definite = False


class EffectRejected(Exception):  # noqa: N818 - the word that histories use
    """The venue refused: the effect is certainly not done."""

    definite = True


class Host:
    """Runs one guard at a time."""

    def __init__(self, source: Source, lines: Lines) -> None:
        """Run what *source* holds for the harness behind *lines*."""
        self._source = source
        self._lines = lines
        self._clocks = Clocks(lines)
        self._loop: GatedLoop | None = None
        self._make: Any = None
        self._guard: Any = None
        parent = os.getpid()
        os.register_at_fork(
            after_in_parent=lambda: lines.say("refused", why="forks") if os.getpid() == parent else None,
            after_in_child=lines.close,
        )

    def serve(self) -> None:
        """Do what is asked until nobody asks."""
        work = {"init": self._init, "prepare": self._prepare, "call": self._call, "reconcile": self._reconcile}
        while True:
            try:
                message = self._lines.hear()
            except Ended:
                return
            if message["do"] in work:
                work[message["do"]](message)

    def _init(self, message: dict[str, Any]) -> None:
        self._guard = None
        if self._load():
            self._answer(message["id"], lambda: self._make(message["redis_url"], message["lease_s"]), self._ready)

    def _ready(self, guard: Any) -> None:
        self._guard = guard
        self._lines.say("ready", reconciles=hasattr(guard, "reconcile"))

    def _prepare(self, message: dict[str, Any]) -> None:
        if not self._load():
            return
        prepare = getattr(self._make, "prepare", None)
        try:
            if prepare is not None:
                prepare(message["redis_url"])
        except Exception as error:  # noqa: BLE001 - the subject's own, and reported
            self._lines.say("broken", why=f"raised in its prepare: {type(error).__name__}: {error}")
            return
        self._lines.say("prepared")

    def _load(self) -> bool:
        try:
            self._make = self._source.make()
        except Exception as error:  # noqa: BLE001 - as above
            self._lines.say("broken", why=f"raised at import: {type(error).__name__}: {error}")
            return False
        return True

    def _call(self, message: dict[str, Any]) -> None:
        number = message["id"]
        self._answer(
            number,
            lambda: self._guard(message["key"], message["payload"], self._effect(number)),
            lambda result: self._lines.say("result", id=number, result=result),
        )

    def _reconcile(self, message: dict[str, Any]) -> None:
        number = message["id"]
        self._answer(
            number,
            lambda: self._guard.reconcile(message["key"], self._probe(number)),
            lambda _result: self._lines.say("reconciled", id=number),
        )

    def _answer(self, number: int, do: Callable[[], Any], say: Callable[[Any], None]) -> None:
        """Run the subject's code and say what came of it."""
        self._clocks.in_call = number
        try:
            result = do()
            if is_awaitable(result):
                result = self._await(result)
        except Exception as error:  # noqa: BLE001 - whatever the guard raises is its answer
            self._clocks.in_call = None
            outcome, word = self._classified(error)
            said = {"outcome": outcome, "word": word, "detail": type(error).__name__}
            self._lines.say("error", id=number, **said)
        else:
            self._clocks.in_call = None
            say(result)

    def _await(self, result: Any) -> Any:
        if self._loop is None:
            self._loop = GatedLoop(self._lines, self._clocks)
        return self._loop.run(result)

    def _classified(self, error: Exception) -> tuple[str, str]:
        """Return the outcome and the word that the subject gives an exception; a failure counts as saying nothing."""
        try:
            outcome, word = self._make.classify(error)
        except Exception:  # noqa: BLE001 - it has none, or it failed
            return "INDETERMINATE", ""
        return str(getattr(outcome, "value", outcome)), str(word)

    def _effect(self, number: int) -> Callable[..., dict[str, Any]]:
        calls = 0

        def effect(
            payload: Any,
            *,
            client_order_id: str | None = None,
            fence: int | None = None,
            valid_until_ms: int | None = None,
        ) -> dict[str, Any]:
            nonlocal calls
            calls += 1
            self._lines.say(
                "effect",
                id=number,
                call=calls,
                payload=payload,
                client_order_id=client_order_id,
                fence=fence,
                valid_until_ms=valid_until_ms,
            )
            answer = self._lines.hear()
            if "receipt" in answer:
                return awaitable_in_coroutines(answer["receipt"])
            raise _raised(answer["error"])

        return effect

    def _probe(self, number: int) -> Callable[[str], dict[str, Any]]:
        def probe(key: str) -> dict[str, Any]:
            self._lines.say("probe", id=number, key=key)
            return awaitable_in_coroutines(self._lines.hear()["answer"])

        return probe


def _raised(told: dict[str, Any]) -> Exception:
    """Return the exception that the venue raised."""
    if not told["definite"]:
        return EffectTimeout(told["message"])
    error: Any = EffectRejected(told["message"])
    error.status, error.code = told.get("status"), told.get("code")
    return error  # type: ignore[no-any-return]


def _say_what_it_is(control: socket.socket, source: Source) -> None:
    try:
        source.load_packages()
        said = {"said": describe(source.make()), "threads": threads()}
    except Exception as error:  # noqa: BLE001 - the subject's own, and reported
        said = {"broken": f"{type(error).__name__}: {error}"}
    control.sendall(json.dumps(said).encode() + b"\n")


def _fork_for(control: socket.socket, source: Source) -> None:
    """Fork a process for each socket that comes over *control*, until nobody sends any."""
    _say_what_it_is(control, source)
    if not source.again:
        source.forget()
    warm_up()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    parent = os.getpid()
    while True:
        data, extra, _, _ = control.recvmsg(1, socket.CMSG_LEN(array.array("i").itemsize))
        if not data:
            return
        (descriptor,) = array.array("i", extra[0][2])
        child = os.fork()
        if child == 0:
            control.close()
            os.setpgid(0, 0)
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
            if os.getppid() != parent:
                os._exit(1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            Host(source, Lines(descriptor, descriptor)).serve()
            os._exit(0)
        os.close(descriptor)
        control.sendall(child.to_bytes(4, "big"))


def main() -> None:
    """Serve one process, or fork others."""
    place, *options = sys.argv[1:]
    packages = options[options.index("--packages") + 1].split(",") if "--packages" in options else ()
    source = Source(place, again="--again" in options, packages=packages)
    if "--forks" in options:
        os.dup2(2, 1)
        _fork_for(socket.socket(fileno=int(options[options.index("--forks") + 1])), source)
    else:
        Host(source, Lines.of_this_process()).serve()
