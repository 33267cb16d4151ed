"""How the processes of a subject are made and held: which gate, which interpreter, which program."""

from __future__ import annotations

import ast
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import CouldNotRunError, WrongInputError
from harness.explorer.proxy.asking import ask_interpreter, ask_program
from harness.explorer.world.setting import LEASE_S
from harness.subjects.box import BOX
from harness.subjects.contract import Said, described
from harness.subjects.loading import load_subject

if TYPE_CHECKING:
    from harness.subjects.contract import Make, Subject

AUTO, GREENLET, PROXY = "auto", "greenlet", "proxy"
GATES = (AUTO, GREENLET, PROXY)
_ELSEWHERE = frozenset({"asyncio", "concurrent", "multiprocessing", "subprocess", "threading"})
"""Modules of the standard library that let something go on where the greenlet gate does not see it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosting:
    """How the processes of a subject are made and held.

    Attributes:
        gate: ``greenlet`` or ``proxy``.
        python: The interpreter that runs the subject; empty means ours.
        command: Program and arguments that speak the line protocol; empty means that the subject is Python.
    """

    gate: str = GREENLET
    python: str = ""
    command: tuple[str, ...] = ()

    def to_object(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {"gate": self.gate, "python": self.python, "command": list(self.command)}

    @classmethod
    def from_object(cls, stored: dict[str, Any]) -> Hosting:
        """Return what :meth:`to_object` stored."""
        return cls(gate=stored["gate"], python=stored["python"], command=tuple(stored["command"]))

    def described(self) -> str:
        """Return a sentence for the reader where it is not what everybody expects; else nothing."""
        if self.gate == GREENLET:
            return ""
        by = shlex.join(self.command) or self.python or "our own interpreter"
        return f"the proxy gate held the guard's processes, which were processes of the operating system, run by {by}"


GREENLETS = Hosting()


def choose_hosting(name: str, *, gate: str = AUTO, python: str = "", command: tuple[str, ...] = ()) -> Hosting:
    """Return how the processes of the subject *name* are made and held.

    Where the gate is left to us, the greenlet gate holds what it can: it is the faster one. What lives in a package,
    where processes in one interpreter would share its globals, and what uses coroutines, threads or processes, goes
    to the proxy gate.

    Raises:
        WrongInputError: There is no such gate, or it cannot run another interpreter or program.
        CouldNotRunError: It cannot hold the subject.
    """
    if gate not in GATES:
        raise WrongInputError(f"unknown gate {gate!r}; expected one of: {', '.join(GATES)}")
    if python and command:
        raise WrongInputError("--python and --command were both given; expected one of them")
    if python or command:
        if gate == GREENLET:
            raise WrongInputError("the greenlet gate runs guards in our own interpreter only; leave out --gate")
        return Hosting(gate=PROXY, python=python, command=command)
    boxed = BOX.get(name)
    needs_proxy = boxed.peer.needs_proxy if boxed is not None and boxed.peer is not None else ""
    if gate == GREENLET and needs_proxy:
        raise CouldNotRunError(f"the greenlet gate cannot hold {name}: {needs_proxy}; nothing was run")
    if gate == AUTO:
        is_elsewhere = bool(needs_proxy) or (boxed is None and _works_elsewhere(name))
        gate = PROXY if is_elsewhere else GREENLET
    return Hosting(gate=gate)


def _works_elsewhere(name: str) -> bool:
    """Say whether a subject is in a package, or its file uses coroutines, threads or processes."""
    where = Path(name.rpartition(":")[0])
    if where.suffix != ".py":
        return True
    try:
        nodes = list(ast.walk(ast.parse(where.read_bytes())))
    except (OSError, SyntaxError, ValueError):
        # Whoever loads it says what is wrong with it.
        return False
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    return any(isinstance(node, ast.AsyncFunctionDef) for node in nodes) or not _ELSEWHERE.isdisjoint(
        module.partition(".")[0] for module in imported
    )


def find_subject(name: str, hosting: Hosting, *, promise: str | None = None) -> Subject:
    """Return the subject *name*, as its interpreter describes it.

    Raises:
        WrongInputError: There is no such subject, or it cannot be loaded.
    """
    if hosting.command:
        return described(name, _elsewhere, Said(**ask_program(hosting.command, LEASE_S)), promise)
    if hosting.python:
        if name in BOX:
            raise WrongInputError(f"subject {name!r} runs in our own interpreter; leave out --python")
        said = ask_interpreter(hosting.python, name)
        return described(name, _elsewhere, Said(**said), promise, place=name)
    return load_subject(name, promise=promise)


def command_of(text: str) -> tuple[str, ...]:
    """Return program and arguments of ``--command``.

    Raises:
        WrongInputError: There is none, or a quote is left open.
    """
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        raise WrongInputError(f"--command is {text!r}: {error}; expected a program and its arguments") from error
    if not words:
        raise WrongInputError("--command names no program")
    return words


def _elsewhere() -> Make:
    raise TypeError("this subject is loaded in processes of its own")
