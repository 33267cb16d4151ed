"""One connection of a gated client: its bytes cut into steps, each brought to the gate before the server sees it.

Connection set-up is answered from what the pool has seen before, and a real wire is taken only for a step. How the
bytes come and go is the business of the gate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from harness.explorer.gate.commands import OF_SUBSCRIBERS, SETUP, SUBSCRIBING, UNGATEABLE, WITH_TEXT, block_limit_s
from harness.explorer.gate.resp import Request, RequestReader, packed
from harness.explorer.world.master_keys import at_master
from harness.explorer.world.steps import Bytes, CommandStep, Cut, TimedOut

if TYPE_CHECKING:
    from harness.explorer.gate.commands import Command, CommandTable
    from harness.explorer.gate.wire import Signature, Wire, WirePool

MOST_CONNECTIONS = 512
"""Connections of one process that stand at once."""
_LOUD_CLIENT = frozenset({b"REPLY", b"TRACKING", b"KILL", b"PAUSE", b"UNPAUSE", b"UNBLOCK"})
"""Subcommands of CLIENT that touch other clients, or after which replies do not answer requests one to one."""
HOLDING = "WATCH"
"""The command after which the connection holds something at the server, so that its wire may serve nobody else."""
_IN_A_BLOCK = b"*1\r\n"
"""What goes ahead of the reply of the one command in a MULTI/EXEC block."""
_NOTHING = frozenset({b"*-1\r\n", b"$-1\r\n", b"_\r\n"})
"""What a blocking command answers where nothing came, in RESP2 and RESP3."""


class Passage(Protocol):
    """What brings a step of the running process to the gate and returns what it experiences.

    Attributes:
        passes_messages: Whether messages reach a subscriber while it is not asking for anything.
    """

    passes_messages: bool

    def pass_command(self, step: CommandStep, link: Link) -> Bytes | Cut | TimedOut:
        """Hold the running process until the step is chosen, then say what came of it."""

    def rest(self) -> float:
        """Let others go on until one has moved; return how many seconds time has jumped meanwhile."""

    def refuse(self, reason: str) -> None:
        """End the schedule: the subject does what this gate cannot hold."""


class Link:
    """The gate's end of one connection.

    Attributes:
        incoming: Bytes that the client is to read.
        ending: What ended the connection; None while it stands.
        subscription: The wire over which messages come, once the client has subscribed.
    """

    def __init__(
        self, pool: WirePool, table: CommandTable, passage: Passage, *, master: int = 0, is_one_of_many: bool = False
    ) -> None:
        """Lead to the server of *pool*.

        Args:
            pool: Wires to it.
            table: Its commands.
            passage: What holds the client's process.
            master: Its number among the servers that the subject asks, from 0.
            is_one_of_many: Whether there are others, whose keys are not the same.
        """
        self._master = master
        self._is_one_of_many = is_one_of_many
        self.incoming = bytearray()
        self.ending: Cut | TimedOut | None = None
        self.subscription: Wire | None = None
        self._pool = pool
        self._commands = table.commands
        self._passage = passage
        self._epoch = pool.epoch
        self._reader = RequestReader()
        self._signature: Signature = ()
        self._block: list[Request] | None = None
        self._held: Wire | None = None
        self._watched: tuple[bytes, ...] = ()

    @property
    def is_stale(self) -> bool:
        """Whether the server that the connection led to is gone."""
        return self._epoch != self._pool.epoch

    def send(self, data: bytes) -> None:
        """Bring every request in *data* to the gate, one after the other; their replies are then in ``incoming``."""
        if self.ending is None and self._reader.is_between_requests:
            known = self._pool.known_set_up(self._signature, data)
            if known is not None:
                self._signature, reply = known
                self.incoming += reply
                return
        for request in self._reader.feed(data):
            if self.ending is not None:
                return
            command = self._commands[request.words[0]]
            if command.is_plain and self._block is None and self.subscription is None:
                self._pass(self._step(request, command, (request.raw,)))
            else:
                self._take(request, command)

    def exchange(self, step: CommandStep) -> tuple[bytes, Any, bool]:
        """Let the step happen at the server; return the reply's bytes and value, and whether it wrote."""
        if self._held is None and step.name != HOLDING:
            return self._pool.exchange(step)
        wire = self._held or self._pool.take(step.signature)
        answered = self._pool.play(wire, step)
        if step.name == HOLDING:
            self._held = wire
            self._watched += step.keys or ()
        elif step.name == "UNWATCH" or step.name.startswith("MULTI"):
            # The watch is over: the wire is clean again.
            self._held = None
            self._watched = ()
            self._pool.give_back(wire)
        return answered

    def drop_held(self) -> None:
        """Close the wires that hold state of this connection, if there are any."""
        for wire in (self._held, self.subscription):
            if wire is not None:
                wire.close()
        self._held = self.subscription = None
        self._watched = ()

    def hand_over_held(self) -> Wire | None:
        """Give up the wire that holds state of this connection, for a request of it that lands later."""
        held, self._held = self._held, None
        self._watched = ()
        return held

    # Within.

    def _take(self, request: Request, command: Command) -> None:
        name = command.name
        if name in SETUP:
            self._set_up(request, name)
        elif name in UNGATEABLE:
            self._passage.refuse(f"uses {name}, which {UNGATEABLE[name]}")
        elif name in SUBSCRIBING or self.subscription is not None:
            self._subscribe(request, name)
        elif self._block is not None:
            self._continue_block(request, name)
        elif name == "MULTI":
            self._block = [request]
            self.incoming += b"+OK\r\n"
        elif (limit_s := block_limit_s(request.words)) is not None:
            self._wait_for_others(request, command, limit_s)
        else:
            self._remember_script(name, request.words)
            self._pass(self._step(request, command, (request.raw,)))

    def _step(self, request: Request, command: Command, parts: tuple[bytes, ...]) -> CommandStep:
        return CommandStep(
            name=command.name,
            keys=self._keys(request, command) if self._is_one_of_many else command.keys(request.words),
            may_write=command.may_write,
            parts=parts,
            signature=self._signature,
            master=self._master,
        )

    def _keys(self, request: Request, command: Command) -> tuple[bytes, ...] | None:
        keys = command.keys(request.words)
        return at_master(self._master, keys) if keys and self._is_one_of_many else keys

    def _wait_for_others(self, request: Request, command: Command, limit_s: float) -> None:
        """Ask in a MULTI/EXEC block, in which nothing blocks, and again when another process has moved."""
        step = self._step(request, command, (packed(b"MULTI"), request.raw, packed(b"EXEC")))
        while True:
            came = self._passage.pass_command(step, self)
            if not isinstance(came, Bytes):
                self._end(came)
                return
            answer = came.data.removeprefix(_IN_A_BLOCK)
            if answer in _NOTHING and limit_s > 0:
                limit_s -= self._passage.rest()
                continue
            self.incoming += answer
            return

    def _subscribe(self, request: Request, name: str) -> None:
        """Pass what a subscriber sends to a wire of its own, over which messages come back by themselves."""
        if not self._passage.passes_messages:
            self._passage.refuse(f"uses {name}, which waits for messages: --gate proxy passes them on")
        elif name not in OF_SUBSCRIBERS:
            self._passage.refuse(f"uses {name} on a connection that has subscribed")
        if self.subscription is None:
            self.subscription = self._pool.take(self._signature)
        self.subscription.send(request.raw)

    def _set_up(self, request: Request, name: str) -> None:
        if name == "CLIENT" and _LOUD_CLIENT.intersection(word.upper() for word in request.words[1:2]):
            self._passage.refuse(f"uses {b' '.join(request.words[:2]).decode('ascii', 'replace')}")
        elsewhere = name == "SELECT" and self._pool.only_db not in {None, *request.words[1:2]}
        if elsewhere:
            self._passage.refuse(
                "selects another database of a server that is not ours: its keys could not be removed"
            )
        self._signature, reply = self._pool.set_up(self._signature, request.raw)
        self.incoming += reply

    def _remember_script(self, name: str, words: list[bytes]) -> None:
        if name in WITH_TEXT and len(words) > 1:
            self._pool.scripts[words[1]] = None
        elif name == "SCRIPT" and [word.upper() for word in words[1:2]] == [b"LOAD"]:
            self._pool.scripts.update(dict.fromkeys(words[2:3]))

    def _continue_block(self, request: Request, name: str) -> None:
        block = self._block or []
        block.append(request)
        if name == "DISCARD":
            self._block = None
            self.drop_held()
            self.incoming += b"+OK\r\n"
        elif name == "EXEC":
            self._block = None
            if self._pass(self._transaction(block)).startswith(b"-"):
                # A transaction that fails ends the watch as one that succeeds does.
                self.drop_held()
        else:
            self.incoming += b"+QUEUED\r\n"

    def _transaction(self, block: list[Request]) -> CommandStep:
        inner = block[1:-1]
        commands = [self._commands[each.words[0]] for each in inner]
        keys = [self._keys(*pair) for pair in zip(inner, commands, strict=True)]
        return CommandStep(
            name="MULTI " + " ".join(each.name for each in commands),
            keys=None if None in keys else tuple(key for some in keys if some is not None for key in some),
            may_write=any(each.may_write for each in commands),
            parts=tuple(each.raw for each in block),
            signature=self._signature,
            watched=self._watched,
            master=self._master,
        )

    def _pass(self, step: CommandStep) -> bytes:
        """Bring a step to the gate; return the reply, nothing where the connection has ended."""
        came = self._passage.pass_command(step, self)
        if not isinstance(came, Bytes):
            self._end(came)
            return b""
        self.incoming += came.data
        return came.data

    def _end(self, came: Cut | TimedOut) -> None:
        self.ending = came
        self.drop_held()
