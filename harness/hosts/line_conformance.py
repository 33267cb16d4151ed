"""Whether a program keeps the rules of the line protocol, ``docs/line-protocol.md``.

    python -m harness.hosts.line_conformance PROGRAM ARGS

runs it against a Redis server of its own and says which rules it breaks; exit status 0 if none, 1 if one, 2 if the
program cannot be started. This speaks of lines only. Whether the guard behind them is sound is what an exploration
says, and no rule here asks for it.
"""

from __future__ import annotations

import itertools
import shlex
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Self
from uuid import uuid4

from harness.errors import HarnessError
from harness.hosts.line_call import REJECTED, TIMEOUT, Call, Receipts
from harness.hosts.line_dialogue import Dialogue, RuleBrokenError
from harness.hosts.line_relay import Loop
from harness.redis_server.server import RedisServer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DEADLINE_S = 10.0
"""Real seconds that a program may take for each of its lines."""

_QUIET_S = 0.5
"""Real seconds after which a program that was asked for a held key counts as one that waits for it by itself."""

_SHORT_LEASE_S = 1.0
_USAGE = "usage: python -m harness.hosts.line_conformance PROGRAM [ARGUMENT ...]\n"


class LineProtocolError(AssertionError):
    """A program breaks the line protocol.

    Attributes:
        broken: One sentence for each broken rule.
    """

    def __init__(self, argv: Sequence[str], broken: tuple[str, ...]) -> None:
        """Keep the sentences."""
        super().__init__("\n".join([f"{shlex.join(argv)} does not keep the line protocol:", *broken]))
        self.broken = broken


def check_program(argv: Sequence[str], redis_url: str, *, deadline_s: float = DEADLINE_S) -> None:
    """Start the program several times, ask it for calls, and see whether it keeps every rule.

    Args:
        argv: Program and arguments; no shell is involved.
        redis_url: A Redis server for tests, ``redis://HOST:PORT/DB``. What the guard writes there stays.
        deadline_s: Real seconds that the program may take for each of its lines.

    Raises:
        LineProtocolError: It breaks at least one rule.
        WrongInputError: The program cannot be started, or *redis_url* has another form.
        CouldNotRunError: There is no server at *redis_url*.
    """
    broken: dict[str, None] = {}
    with Bench(argv, redis_url, deadline_s=deadline_s) as bench:
        for rule in RULES:
            try:
                rule(bench)
            except RuleBrokenError as error:
                broken[str(error)] = None
                if rule in _FOUNDATIONS:
                    # The others would only wait for the same thing again.
                    break
    if broken:
        raise LineProtocolError(argv, tuple(broken))


class Bench:
    """What the rules share, as a context manager: programs to start, unused keys, calls with their own numbers."""

    def __init__(self, argv: Sequence[str], redis_url: str, *, deadline_s: float = DEADLINE_S) -> None:
        """Take what :func:`check_program` takes."""
        self._argv = argv
        self._redis_url = redis_url
        self._deadline_s = deadline_s
        self._receipts = Receipts()
        self._numbers = itertools.count(1)
        self._run = uuid4().hex[:12]

    def __enter__(self) -> Self:
        self._loop = Loop()
        self._folder = TemporaryDirectory(prefix="stormproof-lines-")
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()
        self._loop.close()

    def program(self) -> Dialogue:
        """Return a program that is about to be started."""
        return Dialogue(
            self._argv,
            redis_url=self._redis_url,
            loop=self._loop,
            log=Path(self._folder.name, f"{next(self._numbers)}.log"),
            deadline_s=self._deadline_s,
        )

    def new_key(self) -> str:
        """Return a key that nobody has used."""
        return f"conformance:{self._run}:{next(self._numbers)}:é"

    def asked(self, program: Dialogue, key: str) -> Call:
        """Ask for a call about *key* and return it."""
        call = Call(program, self._receipts, next(self._numbers), key)
        call.ask()
        return call

    def reconcile(self, program: Dialogue, key: str, *, is_found: bool) -> None:
        """Have *key* reconciled, with a venue that has found its effect, or has not."""
        call = Call(program, self._receipts, next(self._numbers), key)
        call.reconcile(is_found=is_found)

    def ask_afresh(self, key: str) -> None:
        """Ask a new program about *key*, as a redelivery would, and see that the call ends."""
        with self.program() as program:
            program.init(lease_s=_SHORT_LEASE_S)
            self.asked(program, key).follow()
            program.finish()


def _starts_and_ends(bench: Bench) -> None:
    """A program answers ``init`` with ``ready``, and ends when its stdin ends."""
    with bench.program() as program:
        program.init()
        program.finish()


def _does_a_call(bench: Bench) -> None:
    """It asks for the effect and ends the call once, with the receipt; asked again, it ends that call too."""
    key = bench.new_key()
    with bench.program() as program:
        program.init()
        line = bench.asked(program, key).follow()
        if line["say"] != "result":
            raise RuleBrokenError(f"In a call that nothing disturbs: expected a result, saw {line}.")
        if not program.relay.heard:
            raise RuleBrokenError("In a call: expected it to use the redis_url that it was given, saw no byte there.")
        program.finish()
    bench.ask_afresh(key)


def _ends_after_an_error_of_the_effect(bench: Bench) -> None:
    """An effect that raises an error ends in a result or an error, and so does the next call of the key."""
    for error in (TIMEOUT, REJECTED):
        key = bench.new_key()
        with bench.program() as program:
            program.init()
            bench.asked(program, key).follow(error)
            program.finish()
        bench.ask_afresh(key)


def _answers_while_another_holds_the_key(bench: Bench) -> None:
    """Asked for a key that another process is at, it answers, sleeps or waits; it ends when the other has."""
    key = bench.new_key()
    with bench.program() as holder, bench.program() as asker:
        holder.init()
        asker.init()
        held = bench.asked(holder, key)
        held.reach_effect()
        asked = bench.asked(asker, key)
        asker.has_said_something(within_s=_QUIET_S)
        held.reply()
        held.follow()
        asked.follow()
        holder.finish()
        asker.finish()


def _may_be_killed(bench: Bench) -> None:
    """A process that is killed at its effect leaves behind nothing that keeps the next one from an answer."""
    key = bench.new_key()
    with bench.program() as program:
        program.init(lease_s=_SHORT_LEASE_S)
        bench.asked(program, key).reach_effect()
        program.kill()
    bench.ask_afresh(key)


def _survives_a_lost_connection(bench: Bench) -> None:
    """A connection that is lost ends the call with an error; the next call connects again."""
    with bench.program() as program:
        is_reusable = program.init().get("reusable")
        program.relay.cuts = True
        bench.asked(program, bench.new_key()).follow()
        program.relay.cuts = False
        if is_reusable:
            line = bench.asked(program, bench.new_key()).follow()
            if line["say"] != "result":
                raise RuleBrokenError(f"In the call after a lost connection: expected a result, saw {line}.")
        program.finish()


def _ends_in_the_middle(bench: Bench) -> None:
    """It ends when its stdin ends, while a call waits for its effect too."""
    with bench.program() as program:
        program.init()
        bench.asked(program, bench.new_key()).reach_effect()
        program.finish()


def _takes_further_lines(bench: Bench) -> None:
    """A reusable program takes further calls, and with a further ``init`` a further ``redis_url``."""
    with bench.program() as program:
        if program.init().get("reusable"):
            bench.asked(program, bench.new_key()).follow()
            bench.asked(program, bench.new_key()).follow()
            program.init()
            bench.asked(program, bench.new_key()).follow()
            if not program.relay.heard:
                raise RuleBrokenError(
                    "In a call after a further init: expected it to use that init's redis_url, saw no byte there."
                )
        program.finish()


def _prepares(bench: Bench) -> None:
    """A program that said ``prepares`` answers ``prepare`` with ``prepared``."""
    with bench.program() as program:
        if program.init().get("prepares"):
            program.send("prepare", redis_url=program.relay.url)
            program.receive("prepared")
        program.finish()


def _reconciles(bench: Bench) -> None:
    """A program that said ``reconciles`` ends a reconciliation, whether the effect is found or not."""
    with bench.program() as program:
        if not program.init().get("reconciles"):
            program.finish()
            return
    for is_found in (True, False):
        key = bench.new_key()
        with bench.program() as program:
            program.init()
            bench.asked(program, key).follow(TIMEOUT)
            program.finish()
        with bench.program() as program:
            program.init()
            bench.reconcile(program, key, is_found=is_found)
            program.finish()
        bench.ask_afresh(key)


RULES: tuple[Callable[[Bench], None], ...] = (
    _starts_and_ends,
    _does_a_call,
    _ends_after_an_error_of_the_effect,
    _answers_while_another_holds_the_key,
    _may_be_killed,
    _survives_a_lost_connection,
    _ends_in_the_middle,
    _takes_further_lines,
    _prepares,
    _reconciles,
)
"""Every rule, in the order in which they are checked."""

_FOUNDATIONS = (_starts_and_ends, _does_a_call)


def main(argv: Sequence[str]) -> int:
    """Check the program that the command line names; return the exit status."""
    if not argv:
        sys.stderr.write(_USAGE)
        return 2
    try:
        with RedisServer() as server:
            check_program(argv, f"{server.tcp_url}/0")
    except LineProtocolError as error:
        sys.stdout.write(f"{error}\n")
        return 1
    except HarnessError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stdout.write(f"{shlex.join(argv)} keeps the line protocol: {len(RULES)} rules were checked\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
